// The state of a shelf with its age, which goes on while one looks at it, until it is too old to rely on.

import { el, icon } from "./dom.js";

const STATES = {
  in_stock: { title: "on_shelf", picture: "shelf" },
  out_of_stock: { title: "shelf_empty", picture: "shelf" },
  unknown: { title: "shelf_hidden", picture: "hidden" },
  stale: { title: "shelf_stale", picture: "hidden" },
};

export function stockRow(words, stock, { ticker, staleS }) {
  const row = el("div", { class: "row stock" });
  const began = performance.now();
  const draw = () => {
    const age = stock.age_s === null ? null : stock.age_s + (performance.now() - began) / 1000;
    const state = age !== null && age > staleS ? "stale" : stock.state;
    const { title, picture } = STATES[state];
    const said = el("div", {}, el("span", { class: "label" }, words.say("stock")), el("strong", {}, words.say(title)), el("span", { class: "detail" }, detail(words, stock, state, age)));
    row.dataset.state = state;
    row.replaceChildren(icon(picture), said);
  };
  draw();
  if (stock.age_s !== null) ticker.add(draw);
  return row;
}

function detail(words, stock, state, age) {
  if (state === "unknown") return words.say("colleague_knows");
  const seen = words.say("seen", { age: words.age(age) });
  if (state === "in_stock") return stock.units === null ? seen : words.say("units_seen", { units: stock.units, age: words.age(age) });
  return state === "stale" ? `${seen}; ${words.say("colleague_knows")}` : `${seen}; ${words.say("look_in_back")}`;
}

// Calls what was added once a second, until it is cleared.
export class Ticker {
  constructor() {
    this.calls = [];
    setInterval(() => this.calls.forEach((call) => call()), 1000);
  }

  add(call) {
    this.calls.push(call);
  }

  clear() {
    this.calls = [];
  }
}
