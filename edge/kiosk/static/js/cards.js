// Turns the facts of an answer into cards. Shows what the facts say and computes nothing.

import { picture } from "./departments.js";
import { el, icon } from "./dom.js";
import { markKinds, shelfMap } from "./map.js";
import { stockRow } from "./stock.js";

// Facts come flat; a product fact opens a group that the following facts of the same number belong to.
export function productsOf(facts) {
  const bySku = new Map();
  for (const fact of facts) {
    if (!fact.sku) continue;
    if (!bySku.has(fact.sku)) bySku.set(fact.sku, {});
    bySku.get(fact.sku)[fact.kind] = fact;
  }
  return [...bySku.values()].filter((group) => group.product);
}

export function productCard(words, group, { plan, way, ticker, staleS }) {
  const { product, price, place } = group;
  return el(
    "article",
    { class: "card product" },
    el("div", { class: "product-head" }, pack(product.department), names(product), priceTag(words, price)),
    product.age_limit ? el("p", { class: "age-limit" }, `${product.age_limit}+`, el("span", {}, words.say("age_limit"))) : null,
    el("div", { class: "product-rows" }, placeRow(words, place, way), stockRow(words, group.stock, { ticker, staleS })),
    allergenRow(words, group.allergens),
    plan && !group.allergens ? mapBox(words, plan, place, way) : null,
  );
}

export function mapBox(words, plan, goal, way) {
  const legend = [
    plan.kiosk ? el("li", {}, el("i", { class: "you-dot" }), words.say("here")) : null,
    ...markKinds(plan).map(({ kind, icon: name }) => el("li", {}, icon(name), words.say(`mark_${kind}`))),
  ];
  return el(
    "div",
    { class: "plan-box" },
    shelfMap(words, plan, goal, way),
    way ? el("p", { class: "way-words" }, icon("walk"), words.way(way)) : null,
    el("ul", { class: "legend" }, ...legend),
  );
}

export function choiceCard(words, group, choose) {
  const { product, price, place } = group;
  return el(
    "button",
    { type: "button", class: "card choice", onclick: () => choose(product) },
    pack(product.department),
    el("span", { class: "choice-text" }, brandLine(product), el("strong", {}, product.name), placeChip(words, place)),
    priceTag(words, price),
  );
}

// A tile of the shop's own lists, in the form of an answer's group.
export function groupOf(tile) {
  const { amount, currency, normal, aisle, bay } = tile;
  return { product: tile, price: { amount, currency, normal }, place: { aisle, bay } };
}

export function verifiedMark(words) {
  return el("p", { class: "verified" }, icon("shield"), words.say("checked"));
}

export function pack(department, className = "pack") {
  const kind = picture(department);
  return el("span", { class: className, "data-kind": kind }, icon(kind));
}

export function brandLine(product) {
  return el("span", { class: "brand-line" }, [product.brand, product.size].filter(Boolean).join(" · "));
}

function names(product) {
  return el("div", { class: "names" }, brandLine(product), el("h2", {}, product.name), el("p", { class: "dept" }, product.department));
}

export function priceTag(words, price) {
  const { amount, currency, normal } = price;
  return el(
    "span",
    { class: normal ? "price offer" : "price" },
    normal ? el("span", { class: "normal" }, words.say("instead_of", { price: words.money(normal, currency) })) : null,
    el("strong", {}, words.money(amount, currency)),
    price.unit_price ? el("span", { class: "unit" }, words.unitPrice(price.unit_price, currency)) : null,
    price.until ? el("span", { class: "unit" }, words.say("offer_until", { day: words.day(price.until) })) : null,
  );
}

function placeRow(words, place, way) {
  const far = way ? el("span", { class: "detail" }, icon("walk"), words.say("metres", { n: words.number(Math.max(1, way.metres)) })) : null;
  return el(
    "div",
    { class: "row place" },
    icon("pin"),
    el("div", {}, el("span", { class: "label" }, words.say("where")), el("strong", {}, words.place(place)), far),
  );
}

export function placeChip(words, place) {
  return el("span", { class: "chip" }, icon("pin"), words.place(place));
}

function allergenRow(words, fact) {
  if (!fact) return null;
  const chips = (fact.names ?? fact.allergens).map((name) => el("span", { class: "chip allergen" }, name));
  return el(
    "div",
    { class: "allergens" },
    el("span", { class: "label" }, words.say("allergens")),
    el("div", { class: "chips" }, ...(chips.length ? chips : [el("span", { class: "chip" }, words.say("no_entry"))])),
    el("p", {}, words.say("check_label")),
  );
}
