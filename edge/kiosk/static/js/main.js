// The screen: home and answer, one session, wiped when nobody is there any more.

import { AnswerView } from "./answer.js";
import * as api from "./api.js";
import { Comfort } from "./comfort.js";
import { Countdown } from "./countdown.js";
import { el, icon, replace } from "./dom.js";
import { Home } from "./home.js";
import { Idle } from "./idle.js";
import { Keyboard } from "./keyboard.js";
import { Link } from "./link.js";
import { Tickets } from "./tickets.js";
import { Words } from "./words.js";

const REFRESH_MS = 20000;
const RETRY_MS = 1500;
const TICKETS_SHOWN = 2;
const byId = (id) => document.getElementById(id);

class Screen {
  constructor(words, plan) {
    const { idleMs, staleS } = document.body.dataset;
    Object.assign(this, { words, plan, turn: 0, session: null, shop: {} });
    const asks = { onAsk: (question) => this.ask(question), onColleague: () => this.callColleague() };
    const looks = { shop: () => this.shop, plan: () => this.plan, staleS: Number(staleS) };
    this.view = new AnswerView(byId("answer-view"), words, { ...asks, ...looks, onHome: () => this.home(), onRate: api.rate });
    this.start = new Home(words, { ...asks, onBrowse: (name) => this.browse(name), onLanguage: (code) => this.speak(code) });
    this.keyboard = new Keyboard(byId("keyboard"), words, { input: () => this.input, onAsk: () => this.submit(), onChange: () => this.typed() });
    this.comfort = new Comfort(byId("comfort"), words, { onLanguage: (code) => this.speak(code) });
    this.countdown = new Countdown(byId("countdown"), words, { onFinish: () => this.wipe() });
    this.tickets = new Tickets({ onChange: () => this.drawTickets() });
    this.link = new Link(byId("lost"), { onBack: () => this.refresh() });
    this.connect();
    this.idle = new Idle(Number(idleMs), { onCount: (...left) => this.count(...left), onActive: () => this.countdown.hide(), onIdle: () => this.wipe() });
    this.start.say();
    this.refresh();
    setInterval(() => this.refresh(), REFRESH_MS);
  }

  get input() {
    return byId("question");
  }

  connect() {
    byId("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.connectInput();
    byId("clear").addEventListener("click", () => this.clearQuestion());
    byId("home").addEventListener("click", () => this.home());
    byId("colleague").addEventListener("click", () => this.callColleague());
    document.addEventListener("contextmenu", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.pressed(event));
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  connectInput() {
    this.input.addEventListener("focus", () => this.keyboard.open());
    this.input.addEventListener("pointerdown", () => this.keyboard.open());
    this.input.addEventListener("input", () => this.typed());
  }

  // A real keyboard types from anywhere.
  pressed(event) {
    if (event.key === "Escape") this.home();
    const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isLetter && document.activeElement !== this.input && byId("countdown").hidden) this.input.focus();
  }

  async refresh() {
    const { code } = this.words;
    let shop;
    try {
      shop = await api.shop(code);
    } catch {
      return; // the link says so; the next round shows it again
    }
    if (code !== this.words.code) return;
    this.shop = shop;
    this.start.use(shop);
  }

  speak(code) {
    this.words.use(code);
    this.comfort.draw();
    this.home();
    this.redraw();
  }

  // Everything that stands in some language.
  redraw() {
    this.words.fill();
    this.keyboard.draw();
    this.start.say();
    this.drawTickets();
    this.refresh();
  }

  submit() {
    const question = this.input.value.trim();
    if (question) this.ask(question);
    else this.input.focus();
  }

  ask(question) {
    return this.show(question, async (turn, signal) => {
      const said = { question, language: this.words.code, session: this.ownSession() };
      let shown = null;
      const card = (data) => {
        if (turn === this.turn) shown = this.view.early(question, data);
      };
      const sentence = (text) => {
        if (turn === this.turn && shown) shown.text.append(shown.text.textContent ? ` ${text}` : text);
      };
      const data = await api.ask(said, { card, sentence, signal });
      return () => {
        if (shown) this.view.complete(shown, data);
        else this.view.answer(question, data);
        const ticket = data.facts.find((fact) => fact.kind === "ticket");
        if (ticket) this.called(ticket.ticket);
        this.say(data.answer);
      };
    });
  }

  browse(name) {
    return this.show("", async (turn, signal) => {
      const data = await api.department(name, this.words.code, signal);
      return () => {
        this.view.department(data);
        this.say(`${data.department}. ${this.words.say("products", { n: data.products.length })}`);
      };
    });
  }

  callColleague() {
    return this.show("", async (turn, signal) => {
      const data = await api.callColleague({ session: this.ownSession(), language: this.words.code }, signal);
      return () => this.called(data.ticket);
    });
  }

  // Leaves home, waits, and shows what came unless somebody has gone on meanwhile.
  async show(question, fetchAnswer) {
    const turn = this.leaveHome();
    this.view.wait(question);
    try {
      const draw = await fetchAnswer(turn, this.pending.signal);
      if (turn === this.turn) draw();
    } catch (error) {
      if (error instanceof api.LostError) this.link.doubt();
      if (turn === this.turn) this.fail(question, error);
    }
  }

  fail(question, error) {
    const message = this.words.say(error.status === 429 ? "too_fast" : "sorry");
    this.view.problem(question, message);
    this.say(message);
  }

  called(ticket) {
    this.ticket = ticket;
    this.tickets.opened(ticket);
    this.drawTickets();
  }

  drawTickets() {
    const strip = byId("tickets");
    replace(strip, ...this.tickets.open.slice(-TICKETS_SHOWN).map(({ ticket, is_taken }) => el("p", {}, icon(is_taken ? "walk" : "ticket"), el("strong", {}, ticket), el("span", {}, this.words.say(is_taken ? "ticket_coming_title" : "ticket_title")))));
    strip.hidden = this.tickets.open.length === 0;
    if (!this.ticket) return;
    const state = this.tickets.stateOf(this.ticket);
    this.view.ticket(this.ticket, state);
    this.say(`${this.words.say({ opened: "ticket_title", coming: "ticket_coming_title", closed: "ticket_closed_title" }[state])}. ${this.ticket}`);
  }

  ownSession() {
    this.session ??= api.newSession();
    return this.session;
  }

  leaveHome() {
    this.leaveAnswer();
    document.body.dataset.view = "answer";
    byId("home-view").hidden = true;
    return this.turn;
  }

  home() {
    this.leaveAnswer();
    document.body.dataset.view = "home";
    this.view.clear();
    this.say("");
    byId("home-view").hidden = false;
    window.scrollTo(0, 0);
  }

  leaveAnswer() {
    this.turn += 1;
    this.ticket = null;
    this.pending?.abort();
    this.pending = new AbortController();
    this.keyboard.close();
    this.input.blur();
    this.clearQuestion(false);
  }

  get isTouched() {
    return document.body.dataset.view !== "home" || Boolean(this.input.value) || this.keyboard.isOpen || Boolean(this.session) || this.comfort.isChanged;
  }

  count(seconds, ofSeconds) {
    if (this.isTouched) this.countdown.show(seconds, ofSeconds);
  }

  wipe() {
    this.countdown.hide({ now: true });
    if (!this.isTouched) return;
    const old = this.session;
    this.session = null;
    this.home();
    this.renewInput();
    this.comfort.reset();
    this.redraw();
    document.activeElement?.blur?.();
    getSelection().removeAllRanges();
    /^/.test(""); // the engine keeps the last text that any pattern was tried on
    if (old) api.reset(old).catch(() => {}); // the server forgets by itself after a while
  }

  // A new field: the old one could still undo to what was typed.
  renewInput() {
    const fresh = this.input.cloneNode(false);
    fresh.removeAttribute("value");
    this.input.replaceWith(fresh);
    this.connectInput();
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

async function begin() {
  try {
    const [languages, plan] = await Promise.all([api.languages(), api.plan()]);
    const words = new Words(languages, document.documentElement.lang);
    new Screen(words, plan);
  } catch (error) {
    if (!(error instanceof api.LostError || error instanceof api.RefusedError)) throw error;
    byId("lost").hidden = false;
    setTimeout(begin, RETRY_MS);
    return;
  }
  byId("lost").hidden = true;
}

begin();
