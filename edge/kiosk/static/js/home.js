// The start: clock, open or closed, departments, offers.

import { groupOf, pack, placeChip, priceTag } from "./cards.js";
import { el, icon, longClass, replace } from "./dom.js";
import { Hero } from "./hero.js";

const OFFER_TILES = 4;
const HERO_TILES = 6;
const HELP = [
  ["hours", "hours_question", "clock"],
  ["returns", "returns_question", "returns"],
];
const byId = (id) => document.getElementById(id);

export class Home {
  constructor(words, { onAsk, onBrowse, onLanguage }) {
    Object.assign(this, { words, onAsk, onBrowse });
    this.hero = new Hero(byId("hero"), words, { onChoose: (tile) => this.ask(tile), onGreet: onLanguage });
  }

  use(shop) {
    this.shop = shop;
    byId("clock").textContent = shop.local_time;
    const state = byId("open-state");
    state.textContent = this.openText(shop);
    state.dataset.open = String(shop.is_open);
    this.hero.use(shop.offers.slice(0, HERO_TILES));
    const key = JSON.stringify([this.words.code, shop.departments, shop.offers]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.draw(shop);
  }

  // After the language has changed.
  say() {
    const ideas = ["idea_1", "idea_2", "idea_3"].map((key) => this.words.say(key));
    byId("question").placeholder = this.words.say("try_asking", { idea: ideas[Math.floor(Math.random() * ideas.length)] });
    this.hero.restart();
    if (this.shop) this.use(this.shop);
  }

  openText(shop) {
    if (shop.is_open) return this.words.say("open_until", { time: shop.closes });
    if (!shop.next_day) return this.words.say("closed");
    const isToday = shop.next_day === shop.week[0].day;
    const day = this.words.day(shop.next_day, { weekday: "long" });
    return this.words.say(isToday ? "closed_today" : "closed_until", { day, time: shop.next_opens });
  }

  draw(shop) {
    const help = HELP.map(([name, question, picture]) => this.helpTile(name, question, picture));
    replace(byId("departments"), ...shop.departments.map((name) => this.departmentTile(name)), ...help);
    replace(byId("offers"), ...shop.offers.slice(0, OFFER_TILES).map((tile) => this.offerTile(tile)));
    byId("offers-title").hidden = shop.offers.length === 0;
  }

  departmentTile(name) {
    const open = () => this.onBrowse(name);
    return el("button", { type: "button", class: longClass("tile", name), "data-department": name, onclick: open }, pack(name), el("span", {}, name));
  }

  helpTile(name, question, picture) {
    const open = () => this.onAsk(this.words.say(question));
    return el("button", { type: "button", class: longClass("tile help", this.words.say(name)), onclick: open }, el("span", { class: "pack" }, icon(picture)), el("span", {}, this.words.say(name)));
  }

  offerTile(tile) {
    return el(
      "button",
      { type: "button", class: "offer-tile", "data-sku": tile.sku, onclick: () => this.ask(tile) },
      pack(tile.department),
      el("span", { class: longClass("offer-name", tile.name) }, tile.name),
      priceTag(this.words, groupOf(tile).price),
      placeChip(this.words, tile),
    );
  }

  ask(tile) {
    this.onAsk(this.words.say("price_question", { title: tile.title }));
  }
}
