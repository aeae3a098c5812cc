// The attract loop: offers, large, and between them an invitation in each language. Stands still where motion is unwanted.

import { groupOf, pack, placeChip, priceTag } from "./cards.js";
import { el, icon, replace } from "./dom.js";

const TURN_MS = 6000;
const OFFERS_A_GREETING = 2;

export class Hero {
  constructor(node, words, { onChoose, onGreet }) {
    Object.assign(this, { node, words, onChoose, onGreet });
    this.tiles = [];
    this.at = 0;
    this.key = "";
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(() => this.turn(), TURN_MS);
  }

  use(tiles) {
    const key = JSON.stringify(tiles); // names as well, which change with the language
    if (key === this.key) return;
    this.key = key;
    this.tiles = tiles;
    this.at = 0;
    this.draw();
  }

  // Offers and greetings by turns: two offers, one language, two offers, the next language.
  get slides() {
    const greetings = Object.entries(this.words.languages).filter(([code]) => code !== this.words.code);
    const slides = [];
    this.tiles.forEach((tile, index) => {
      slides.push({ tile });
      if (index % OFFERS_A_GREETING === OFFERS_A_GREETING - 1 && greetings.length) slides.push({ greeting: greetings.shift() });
    });
    return [...slides, ...greetings.map((greeting) => ({ greeting }))];
  }

  turn() {
    if (document.body.dataset.view !== "home" || document.body.dataset.keyboard) return;
    this.at += 1;
    this.draw();
  }

  restart() {
    this.at = 0;
    this.draw();
  }

  draw() {
    const slides = this.slides;
    this.node.hidden = slides.length === 0;
    if (!slides.length) return replace(this.node);
    const at = this.at % slides.length;
    const { tile, greeting } = slides[at];
    const dots = slides.map((_, index) => el("i", { class: index === at ? "on" : "" }));
    replace(this.node, tile ? this.offer(tile) : this.greeting(...greeting), el("div", { class: "hero-dots", "aria-hidden": "true" }, ...dots));
  }

  offer(tile) {
    const isOwn = this.words.code === this.words.home; // the shop words its offers in its own language only
    const text = el(
      "span",
      { class: "hero-text" },
      el("span", { class: "eyebrow" }, (isOwn && tile.offer_text) || this.words.say("on_offer")),
      el("strong", {}, tile.name),
      el("span", { class: "brand-line" }, [tile.brand, tile.size].filter(Boolean).join(" · ")),
      placeChip(this.words, tile),
    );
    const open = () => this.onChoose(tile);
    return el("button", { type: "button", class: "hero-card", onclick: open }, text, pack(tile.department, "pack hero-pack"), priceTag(this.words, groupOf(tile).price));
  }

  greeting(code, language) {
    const text = el("span", { class: "hero-text" }, el("span", { class: "eyebrow" }, language.name), el("strong", {}, language.words.headline), el("span", { class: "brand-line" }, language.words.idea_1));
    return el("button", { type: "button", class: "hero-card greeting", lang: code, onclick: () => this.onGreet(code) }, text, el("span", { class: "pack hero-pack" }, icon("talk")));
  }
}
