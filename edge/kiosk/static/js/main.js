// The screen: home and answer, one session, wiped when nobody is there any more.

import { AnswerView } from "./answer.js";
import * as api from "./api.js";
import { pack, placeChip, priceTag } from "./cards.js";
import { el, icon, replace } from "./dom.js";
import { Hero } from "./hero.js";
import { Idle } from "./idle.js";
import { Keyboard } from "./keyboard.js";

const REFRESH_MS = 20000;
const OFFER_TILES = 4;
const HELP = [
  ["Opening hours", "clock"],
  ["Returns", "returns"],
];
const IDEAS = ["Where is the oat milk?", "How much is the butter?", "When are you open tomorrow?"];
const byId = (id) => document.getElementById(id);

class Screen {
  constructor() {
    this.session = api.newSession();
    this.turn = 0;
    this.shop = {};
    this.input = byId("question");
    this.view = new AnswerView(byId("answer-view"), {
      onAsk: (question) => this.ask(question),
      onColleague: () => this.callColleague(),
      onHome: () => this.home(),
      shop: () => this.shop,
    });
    this.hero = new Hero(byId("hero"), { onChoose: (tile) => this.ask(`How much is ${tile.title}?`) });
    this.keyboard = new Keyboard(byId("keyboard"), this.input, {
      onAsk: () => this.submit(),
      onChange: () => this.typed(),
    });
    this.connect();
    this.idle = new Idle(Number(document.body.dataset.idleMs), {
      onWarn: (leftMs) => this.warn(leftMs),
      onActive: () => (byId("toast").hidden = true),
      onIdle: () => this.wipe(),
    });
    this.refresh();
    setInterval(() => this.refresh(), REFRESH_MS);
  }

  connect() {
    byId("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("focus", () => this.keyboard.open());
    this.input.addEventListener("pointerdown", () => this.keyboard.open());
    this.input.addEventListener("input", () => this.typed());
    byId("clear").addEventListener("click", () => this.clearQuestion());
    byId("home").addEventListener("click", () => this.home());
    byId("colleague").addEventListener("click", () => this.callColleague());
    document.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  async refresh() {
    let shop;
    try {
      shop = await api.shop();
    } catch {
      return; // the next round shows it again; a question meanwhile says what is wrong
    }
    this.shop = shop;
    byId("clock").textContent = shop.local_time;
    const state = byId("open-state");
    state.textContent = shop.open_text;
    state.dataset.open = String(shop.is_open);
    this.hero.use(shop.offers.slice(0, 5));
    this.drawTiles(shop);
  }

  drawTiles(shop) {
    const key = JSON.stringify([shop.departments, shop.offers]);
    if (key === this.drawn) return;
    this.drawn = key;
    const help = HELP.map(([text, picture]) => this.helpTile(text, picture));
    replace(byId("departments"), ...shop.departments.map((name) => this.departmentTile(name)), ...help);
    replace(byId("offers"), ...shop.offers.slice(0, OFFER_TILES).map((tile) => this.offerTile(tile)));
    byId("offers-title").hidden = shop.offers.length === 0;
  }

  departmentTile(name) {
    const open = () => this.browse(name);
    return el("button", { type: "button", class: "tile", "data-department": name, onclick: open }, pack(name), el("span", {}, name));
  }

  helpTile(text, picture) {
    const ask = () => this.ask(text);
    return el("button", { type: "button", class: "tile help", onclick: ask }, el("span", { class: "pack" }, icon(picture)), el("span", {}, text));
  }

  offerTile(tile) {
    const ask = () => this.ask(`How much is ${tile.title}?`);
    const price = { text: tile.price, normal_text: tile.normal_price, unit_price_text: "" };
    return el(
      "button",
      { type: "button", class: "offer-tile", "data-sku": tile.sku, onclick: ask },
      pack(tile.department),
      el("span", { class: "offer-name" }, tile.name),
      priceTag(price),
      placeChip(tile),
    );
  }

  submit() {
    const question = this.input.value.trim();
    if (question) this.ask(question);
    else this.input.focus();
  }

  async ask(question) {
    const turn = this.leaveHome();
    this.view.wait(question);
    try {
      const data = await api.ask(question, this.session);
      if (turn !== this.turn) return;
      this.view.answer(question, data);
      this.say(data.answer);
    } catch (error) {
      if (turn === this.turn) this.fail(question, error);
    }
  }

  async browse(name) {
    const turn = this.leaveHome();
    try {
      const data = await api.department(name);
      if (turn === this.turn) this.view.department(data);
    } catch (error) {
      if (turn === this.turn) this.fail("", error);
    }
  }

  async callColleague() {
    const turn = this.leaveHome();
    this.view.wait("");
    try {
      const data = await api.callColleague(this.session);
      if (turn !== this.turn) return;
      this.view.ticket(data.ticket);
      this.say(data.answer);
    } catch (error) {
      if (turn === this.turn) this.fail("", error);
    }
  }

  fail(question, error) {
    this.view.problem(question, error.message);
    this.say(error.message);
  }

  leaveHome() {
    this.turn += 1;
    this.keyboard.close();
    this.input.blur();
    this.clearQuestion(false);
    document.body.dataset.view = "answer";
    byId("home-view").hidden = true;
    return this.turn;
  }

  home() {
    this.turn += 1;
    document.body.dataset.view = "home";
    this.view.clear();
    this.say("");
    byId("home-view").hidden = false;
    this.keyboard.close();
    this.input.blur();
    this.clearQuestion(false);
    window.scrollTo(0, 0);
  }

  wipe() {
    const isTouched = document.body.dataset.view !== "home" || this.input.value || this.keyboard.isOpen;
    byId("toast").hidden = true;
    if (!isTouched && !this.turn) return;
    const old = this.session;
    this.session = api.newSession();
    this.home();
    this.turn = 0;
    this.input.placeholder = `Try “${IDEAS[Math.floor(Math.random() * IDEAS.length)]}”`;
    document.activeElement?.blur?.();
    api.reset(old).catch(() => {}); // the server forgets by itself after a while
  }

  warn(leftMs) {
    const isTouched = document.body.dataset.view !== "home" || this.input.value;
    if (!isTouched || leftMs < 2000) return;
    const toast = byId("toast");
    toast.textContent = "Still there? Touch the screen to go on.";
    toast.hidden = false;
  }

  typed() {
    byId("clear").hidden = this.input.value === "";
  }

  clearQuestion(keepFocus = true) {
    this.input.value = "";
    this.typed();
    if (keepFocus) this.input.focus();
  }

  say(text) {
    byId("spoken").textContent = text;
  }
}

new Screen();
