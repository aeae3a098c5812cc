// Builds the answer view for each kind of answer.

import { choiceCard, groupOf, mapBox, productCard, productsOf, verifiedMark } from "./cards.js";
import { el, icon, replace } from "./dom.js";
import { Ticker } from "./stock.js";
import { thumbs } from "./thumbs.js";

const INFO_ICONS = { open_hours: "clock", returns: "returns", services: "pin" };
const STOCK_TITLES = { in_stock: "title_in_stock", out_of_stock: "title_out_of_stock", unknown: "title_unknown_stock" };
const SAID_KINDS = ["other_size", "allergens", "parts"]; // what the cards of a list cannot show by themselves
const SUGGESTING = ["goes_with", "alternatives"];

export class AnswerView {
  constructor(node, words, { onAsk, onColleague, onHome, onRate, shop, plan, staleS }) {
    Object.assign(this, { node, words, onAsk, onColleague, onHome, onRate, shop, plan, staleS });
    this.ticker = new Ticker();
  }

  wait(question) {
    this.ticker.clear();
    const dots = el("div", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    this.show(asked(question), el("div", { class: "card waiting" }, dots, el("p", {}, this.words.say("looking"))));
  }

  // Shows the card of one product before its answer is worded; gives where its sentences go, or null.
  early(question, data) {
    const groups = productsOf(data.facts);
    if (groups.length !== 1 || data.facts.some((fact) => fact.kind === "ticket")) return null;
    return this.one(question, { ...data, answer: "" }, groups[0]);
  }

  // Completes a card that is shown already.
  complete(shown, data) {
    shown.text.textContent = data.answer;
    shown.foot.append(...this.footOf(data));
  }

  answer(question, data) {
    const groups = productsOf(data.facts);
    const ticket = data.facts.find((fact) => fact.kind === "ticket");
    if (ticket) this.ticket(ticket.ticket, "opened");
    else if (groups.length === 1) this.complete(this.one(question, data, groups[0]), data);
    else if (groups.length > 1) this.several(question, data, groups);
    else if (data.facts.length) this.info(question, data);
    else this.unknown(question, data);
  }

  one(question, data, group) {
    this.ticker.clear();
    const hasOther = data.facts.some((fact) => fact.kind === "other_size");
    const title = hasOther ? "title_other_size" : data.intent === "have_you_got" ? STOCK_TITLES[group.stock.state] : `title_${data.intent}`;
    const text = el("p", { class: "answer-text" }, data.answer);
    const foot = el("div", { class: "foot" });
    const card = productCard(this.words, group, { plan: this.plan(), way: data.ways[group.product.sku], ticker: this.ticker, staleS: this.staleS });
    card.append(foot);
    this.show(asked(question), el("div", { class: "lead" }, heading(this.words.say(title)), text), card, this.next());
    return { text, foot };
  }

  several(question, data, found) {
    const suggestion = data.facts.find((fact) => fact.kind === "suggestion");
    const isSuggested = suggestion && SUGGESTING.includes(data.intent);
    const groups = isSuggested ? found.filter((group) => group.product.sku !== suggestion.sku) : found;
    const said = isSuggested ? beforeFirst(data.answer, groups) : "";
    const matches = data.facts.find((fact) => fact.kind === "matches");
    const more = matches && matches.total > matches.shown ? this.words.say("shown_of", matches) : "";
    const isList = data.facts.some((fact) => fact.kind === "parts");
    const title = data.intent === "offers" ? "title_offers" : isList ? "title_list" : "title_several";
    const isSaid = data.intent === "alternatives" || data.facts.some((fact) => SAID_KINDS.includes(fact.kind) || fact.age_limit);
    const list = groups.map((group) => choiceCard(this.words, group, (product) => this.choose(product)));
    this.show(
      asked(question),
      el("div", { class: "lead" }, heading(said || this.words.say(title)), more ? el("p", {}, more) : null, isSaid ? el("p", {}, data.answer.slice(said.length)) : null),
      el("div", { class: "choices" }, ...list),
      el("div", { class: "card slim foot" }, ...this.footOf(data)),
      this.next(),
    );
  }

  info(question, data) {
    const service = data.facts.find((fact) => fact.kind === "service");
    const head = el("div", { class: "info-head" }, icon(INFO_ICONS[data.intent] ?? "question"), heading(this.words.say(`title_${data.intent}`)));
    const lines = data.answer.split("\n").map((line) => el("p", { class: "info-text" }, line));
    const week = data.intent === "open_hours" ? this.weekTable() : null;
    const way = service ? data.ways[service.name] : null;
    const map = way && this.plan() ? mapBox(this.words, this.plan(), { service: service.name }, way) : null;
    const card = el("article", { class: "card info" }, head, ...lines, week, map, el("div", { class: "foot" }, ...this.footOf(data)));
    this.show(asked(question), card, this.next());
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
        heading(first),
        rest.length ? el("p", {}, rest.join(" ")) : null,
        isKnown ? null : this.bigCall(),
        isKnown || !data.turn ? null : el("div", { class: "foot" }, thumbs(this.words, (helped) => this.onRate(data.turn, helped))),
      ),
      this.next(false),
    );
  }

  // state: opened, coming or closed.
  ticket(number, state) {
    const keys = { opened: ["ticket_title", "ticket_wait", "ticket"], coming: ["ticket_coming_title", "ticket_coming", "walk"], closed: ["ticket_closed_title", "ticket_closed", "check"] };
    const [title, text, picture] = keys[state];
    this.show(
      el(
        "article",
        { class: "card ticket", "data-state": state },
        icon(picture, "icon huge"),
        heading(this.words.say(title)),
        el("p", { class: "number" }, number),
        el("p", {}, this.words.say(text)),
      ),
      this.next(false),
    );
  }

  department(data) {
    const list = data.products.map((tile) => choiceCard(this.words, groupOf(tile), (product) => this.choose(product)));
    this.show(
      el("div", { class: "lead" }, heading(data.department), el("p", {}, this.words.say("products", { n: data.products.length }))),
      el("div", { class: "choices dense" }, ...list),
      this.next(false),
    );
  }

  problem(question, message) {
    this.show(
      asked(question),
      el("article", { class: "card unknown" }, icon("question", "icon huge"), heading(message), this.bigCall()),
      this.next(false),
    );
  }

  clear() {
    this.ticker.clear();
    replace(this.node);
    this.node.hidden = true;
  }

  show(...children) {
    replace(this.node, ...children);
    this.node.hidden = false;
    window.scrollTo(0, 0);
  }

  choose(product) {
    this.onAsk(this.words.say("where_question", { title: product.title }));
  }

  footOf(data) {
    const rating = data.turn ? thumbs(this.words, (helped) => this.onRate(data.turn, helped)) : null;
    return [data.verified ? verifiedMark(this.words) : null, rating].filter(Boolean);
  }

  weekTable() {
    const rows = (this.shop().week ?? []).map((day, index) => {
      const name = this.words.day(day.day, { weekday: "long" });
      const hours = day.ranges.map(([opens, closes]) => `${opens} – ${closes}`).join(", ") || this.words.say("day_closed");
      return el("div", { class: index === 0 ? "today" : "" }, el("span", {}, day.special ? `${name}, ${day.special}` : name), el("span", {}, hours));
    });
    return rows.length ? el("div", { class: "week" }, ...rows) : null;
  }

  next(withCall = true) {
    const again = el("button", { type: "button", class: "again", onclick: () => this.onHome() }, icon("back"), this.words.say("again"));
    const call = el("button", { type: "button", class: "plain", onclick: () => this.onColleague() }, icon("person"), this.words.say("call"));
    return el("div", { class: "next" }, again, withCall ? call : null);
  }

  bigCall() {
    return el("button", { type: "button", class: "big-call", onclick: () => this.onColleague() }, icon("person"), this.words.say("call"));
  }
}

// What an answer says before it names the first product of a list: "With spaghetti the shop suggests:".
function beforeFirst(answer, groups) {
  const at = groups.length ? answer.indexOf(groups[0].product.title) : -1;
  return at > 0 ? answer.slice(0, at).trim() : "";
}

function heading(text) {
  return text ? el("h2", { tabindex: "-1" }, text) : null;
}

function asked(question) {
  return question ? el("p", { class: "asked" }, icon("search"), el("span", {}, question)) : null;
}
