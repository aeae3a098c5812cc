// Turns the facts of an answer into cards. Shows what the facts say and computes nothing.

import { picture } from "./departments.js";
import { el, icon } from "./dom.js";
import { shelfMap } from "./map.js";

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

export function productCard(group, aisles, isVerified) {
  const { product, price, place } = group;
  return el(
    "article",
    { class: "card product" },
    el("div", { class: "product-head" }, pack(product.department), names(product), priceTag(price)),
    product.age_limit ? el("p", { class: "age-limit" }, `${product.age_limit}+`, el("span", {}, "Please show your ID at the till.")) : null,
    el("div", { class: "product-rows" }, placeRow(place), stockRow(group.stock)),
    aisles.length && !group.allergens ? el("div", { class: "plan-box" }, shelfMap(aisles, place)) : null,
    allergenRow(group.allergens),
    verifiedMark(isVerified),
  );
}

export function choiceCard(group, choose) {
  const { product, price, place } = group;
  return el(
    "button",
    { type: "button", class: "card choice", onclick: () => choose(product) },
    pack(product.department),
    el("span", { class: "choice-text" }, brandLine(product), el("strong", {}, product.name), placeChip(place)),
    priceTag(price),
  );
}

export function tileCard(tile, choose) {
  return choiceCard(
    {
      product: tile,
      price: { text: tile.price, normal_text: tile.normal_price, unit_price_text: "" },
      place: { aisle: tile.aisle, bay: tile.bay },
    },
    choose,
  );
}

export function verifiedMark(isVerified) {
  if (!isVerified) return null;
  return el("p", { class: "verified" }, icon("shield"), "Checked: from the shop’s own data");
}

export function pack(department, className = "pack") {
  const kind = picture(department);
  return el("span", { class: className, "data-kind": kind }, icon(kind));
}

export function brandLine(product) {
  const parts = [product.brand, product.size].filter(Boolean);
  return el("span", { class: "brand-line" }, parts.join(" · "));
}

function names(product) {
  return el("div", { class: "names" }, brandLine(product), el("h2", {}, product.name), el("p", { class: "dept" }, product.department));
}

export function priceTag(price) {
  const isOffer = Boolean(price.normal_text);
  return el(
    "span",
    { class: isOffer ? "price offer" : "price" },
    isOffer ? el("span", { class: "normal" }, "instead of ", price.normal_text) : null,
    el("strong", {}, price.text),
    price.unit_price_text ? el("span", { class: "unit" }, price.unit_price_text) : null,
    price.until_text ? el("span", { class: "unit" }, `until ${price.until_text}`) : null,
  );
}

function placeRow(place) {
  return el(
    "div",
    { class: "row place" },
    icon("pin"),
    el("div", {}, el("span", { class: "label" }, "Where"), el("strong", {}, `Aisle ${place.aisle}, bay ${place.bay}`)),
  );
}

export function placeChip(place) {
  return el("span", { class: "chip" }, icon("pin"), `Aisle ${place.aisle}, bay ${place.bay}`);
}

const STOCK = {
  in_stock: (stock) => ["On the shelf", `${stock.units} seen ${stock.age_text}`],
  out_of_stock: (stock) => ["Shelf empty", `seen ${stock.age_text}; a colleague can look in the back`],
  unknown: () => ["Shelf not in view", "a colleague can tell you"],
};

function stockRow(stock) {
  const [headline, detail] = STOCK[stock.state](stock);
  return el(
    "div",
    { class: "row stock", "data-state": stock.state },
    icon(stock.state === "unknown" ? "hidden" : "shelf"),
    el("div", {}, el("span", { class: "label" }, "Stock"), el("strong", {}, headline), el("span", { class: "detail" }, detail)),
  );
}

function allergenRow(fact) {
  if (!fact) return null;
  const chips = fact.allergens.map((name) => el("span", { class: "chip allergen" }, name));
  return el(
    "div",
    { class: "allergens" },
    el("span", { class: "label" }, "Listed allergens"),
    el("div", { class: "chips" }, ...(chips.length ? chips : [el("span", { class: "chip" }, "no entry")])),
    el("p", {}, "Please check the label; it is what counts."),
  );
}
