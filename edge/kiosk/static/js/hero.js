// The attract area: one offer after the other, large. Stands still where motion is not wanted.

import { pack, placeChip, priceTag } from "./cards.js";
import { el, replace } from "./dom.js";

const TURN_MS = 6000;

export class Hero {
  constructor(node, { onChoose }) {
    this.node = node;
    this.onChoose = onChoose;
    this.tiles = [];
    this.at = 0;
    this.key = "";
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(() => this.turn(), TURN_MS);
  }

  use(tiles) {
    const key = tiles.map((tile) => `${tile.sku}${tile.price}`).join();
    if (key === this.key) return;
    this.key = key;
    this.tiles = tiles;
    this.at = 0;
    this.draw();
  }

  turn() {
    if (this.tiles.length < 2 || document.body.dataset.view !== "home") return;
    this.at = (this.at + 1) % this.tiles.length;
    this.draw();
  }

  draw() {
    const tile = this.tiles[this.at];
    this.node.hidden = !tile;
    if (!tile) return replace(this.node);
    const price = { text: tile.price, normal_text: tile.normal_price, unit_price_text: "" };
    const text = el(
      "span",
      { class: "hero-text" },
      el("span", { class: "eyebrow" }, tile.offer_text || "On offer"),
      el("strong", {}, tile.name),
      el("span", { class: "brand-line" }, [tile.brand, tile.size].filter(Boolean).join(" · ")),
      placeChip({ aisle: tile.aisle, bay: tile.bay }),
    );
    const card = el("button", { type: "button", class: "hero-card", onclick: () => this.onChoose(tile) }, text, pack(tile.department, "pack hero-pack"), priceTag(price));
    const dots = this.tiles.map((_, index) => el("i", { class: index === this.at ? "on" : "" }));
    replace(this.node, card, el("div", { class: "hero-dots", "aria-hidden": "true" }, ...dots));
  }
}
