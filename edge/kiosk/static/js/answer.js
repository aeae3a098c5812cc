// Builds the answer view for each kind of answer.

import { choiceCard, productCard, productsOf, tileCard, verifiedMark } from "./cards.js";
import { el, icon, replace } from "./dom.js";

const HEADLINES = {
  where_is: "Here it is",
  how_much: "Here is the price",
  allergens: "Please check the label",
  offers: "On offer",
  open_hours: "Opening hours",
  returns: "Returning goods",
  services: "Here it is",
};
const INFO_ICONS = { open_hours: "clock", returns: "returns", services: "pin" };

export class AnswerView {
  constructor(node, { onAsk, onColleague, onHome, shop }) {
    this.node = node;
    this.onAsk = onAsk;
    this.onColleague = onColleague;
    this.onHome = onHome;
    this.shop = shop;
  }

  wait(question) {
    const dots = el("div", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    this.show(asked(question), el("div", { class: "card waiting" }, dots, el("p", {}, "Looking it up …")));
  }

  answer(question, data) {
    const groups = productsOf(data.facts);
    const ticket = data.facts.find((fact) => fact.kind === "ticket");
    if (ticket) this.ticket(ticket.ticket);
    else if (groups.length === 1) this.one(question, data, groups[0]);
    else if (groups.length > 1) this.several(question, data, groups);
    else if (data.facts.length) this.info(question, data);
    else this.unknown(question, data);
  }

  one(question, data, group) {
    this.show(asked(question), lead(data.facts.some((fact) => fact.kind === "other_size") ? "Another size" : headline(data.intent, group.stock), data.answer), productCard(group, this.shop().aisles ?? [], data.verified), this.next());
  }

  several(question, data, groups) {
    const matches = data.facts.find((fact) => fact.kind === "matches");
    const isOffers = data.intent === "offers";
    const more = matches && matches.total > matches.shown ? `${matches.shown} of ${matches.total}` : "";
    const isList = data.facts.some((fact) => fact.kind === "parts");
    const title = isOffers ? "On offer today" : isList ? "Here they are" : "Which one do you mean?";
    const said = remarks(data);
    const list = groups.map((group) => choiceCard(group, (product) => this.onAsk(`Where is ${product.title}?`)));
    this.show(
      asked(question),
      el("div", { class: "lead" }, el("h2", {}, title), more ? el("p", {}, more) : null, said ? el("p", {}, said) : null),
      el("div", { class: "choices" }, ...list),
      data.verified ? el("div", { class: "card slim" }, verifiedMark(true)) : null,
      this.next(),
    );
  }

  info(question, data) {
    const head = el("div", { class: "info-head" }, icon(INFO_ICONS[data.intent] ?? "question"), el("h2", {}, HEADLINES[data.intent] ?? ""));
    const text = data.facts.find((fact) => fact.kind === "returns")?.lines ?? [data.answer];
    const lines = text.map((line) => el("p", { class: "info-text" }, line));
    const week = data.intent === "open_hours" ? weekTable(this.shop().week ?? []) : null;
    this.show(asked(question), el("article", { class: "card info" }, head, ...lines, week, verifiedMark(data.verified)), this.next());
  }

  unknown(question, data) {
    const isKnown = ["greeting", "thanks"].includes(data.intent);
    const [first, ...rest] = data.answer.split(/(?<=[.!]) /);
    this.show(
      asked(question),
      el(
        "article",
        { class: "card unknown" },
        icon(isKnown ? "basket" : "question", "icon huge"),
        el("h2", {}, first),
        rest.length ? el("p", {}, rest.join(" ")) : null,
        isKnown ? null : this.bigCall(),
      ),
      this.next(false),
    );
  }

  ticket(number) {
    this.show(
      el(
        "article",
        { class: "card ticket" },
        icon("ticket", "icon huge"),
        el("h2", {}, "A colleague is called"),
        el("p", { class: "number" }, number),
        el("p", {}, "Please wait here at the screen. Your colleague will know this number."),
      ),
      this.next(false),
    );
  }

  department(data) {
    const list = data.products.map((tile) => tileCard(tile, (product) => this.onAsk(`Where is ${product.title}?`)));
    this.show(
      el("div", { class: "lead" }, el("h2", {}, data.department), el("p", {}, `${data.products.length} products`)),
      el("div", { class: "choices dense" }, ...list),
      this.next(false),
    );
  }

  problem(question, message) {
    this.show(
      asked(question),
      el("article", { class: "card unknown" }, icon("question", "icon huge"), el("h2", {}, message), this.bigCall()),
      this.next(false),
    );
  }

  clear() {
    replace(this.node);
    this.node.hidden = true;
  }

  show(...children) {
    replace(this.node, ...children);
    this.node.hidden = false;
    window.scrollTo(0, 0);
    this.node.scrollTop = 0;
  }

  next(withCall = true) {
    const again = el("button", { type: "button", class: "again", onclick: () => this.onHome() }, icon("back"), "Start again");
    const call = el("button", { type: "button", class: "plain", onclick: () => this.onColleague() }, icon("person"), "Call a colleague");
    return el("div", { class: "next" }, again, withCall ? call : null);
  }

  bigCall() {
    return el("button", { type: "button", class: "big-call", onclick: () => this.onColleague() }, icon("person"), "Call a colleague");
  }
}

// What the cards of a list cannot show by themselves.
const REMARKS = [/I found none with .+?\.(?= )/, /I found only part of that\./, /Please check the label; it is what counts\./];

function remarks(data) {
  if (data.answer.includes("You must be")) return data.answer;
  return REMARKS.map((remark) => data.answer.match(remark)?.[0])
    .filter(Boolean)
    .join(" ");
}

const HAVE = { in_stock: "It is on the shelf", out_of_stock: "Its shelf was empty", unknown: "We sell it" };

function headline(intent, stock) {
  return intent === "have_you_got" ? HAVE[stock.state] : HEADLINES[intent];
}

function weekTable(week) {
  const rows = week.map((day) =>
    el("div", { class: day.is_today ? "today" : "" }, el("span", {}, day.name), el("span", {}, day.hours)),
  );
  return rows.length ? el("div", { class: "week" }, ...rows) : null;
}

function asked(question) {
  return question ? el("p", { class: "asked" }, icon("search"), el("span", {}, question)) : null;
}

function lead(title, text) {
  return el("div", { class: "lead" }, title ? el("h2", {}, title) : null, el("p", { class: "answer-text" }, text));
}
