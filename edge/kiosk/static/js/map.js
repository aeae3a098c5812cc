// A plan of the shop drawn from the catalogue's aisles and bays, with one bay marked.

import { svg } from "./dom.js";

const WIDTH = 920;
const HEIGHT = 470;
const TOP = 58;
const BOTTOM = 46;

export function shelfMap(aisles, place) {
  const step = WIDTH / aisles.length;
  const parts = aisles.flatMap((aisle, index) => drawAisle(aisle, index * step, step, place));
  const label = `Plan of the shop: aisle ${place.aisle}, bay ${place.bay} is marked`;
  return svg(
    "svg",
    { class: "plan", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    ...parts,
  );
}

function drawAisle(aisle, x, step, place) {
  const isHere = aisle.aisle === place.aisle;
  const width = Math.min(56, step * 0.6);
  const left = x + (step - width) / 2;
  const height = (HEIGHT - TOP - BOTTOM) / Math.max(aisle.bays.length, 1);
  const nodes = aisle.bays.map((bay, row) => {
    const isBay = isHere && bay === place.bay;
    const kind = isBay ? "bay here" : isHere ? "bay near" : "bay";
    return svg("rect", { class: kind, x: left, y: TOP + row * height + 2, width, height: height - 4, rx: 8 });
  });
  const middle = x + step / 2;
  nodes.push(badge(aisle.aisle, middle, isHere));
  const row = aisle.bays.indexOf(place.bay);
  if (isHere) nodes.push(caption(aisle, middle));
  if (isHere && row >= 0) nodes.push(marker(place.bay, middle, TOP + (row + 0.5) * height));
  return nodes;
}

// What stands in the aisle, under it; kept inside the plan at both ends.
function caption(aisle, x) {
  const anchor = x < WIDTH * 0.25 ? "start" : x > WIDTH * 0.75 ? "end" : "middle";
  const at = anchor === "start" ? x - 28 : anchor === "end" ? x + 28 : x;
  return svg("text", { class: "what", x: at, y: HEIGHT - 12, "text-anchor": anchor }, aisle.departments.slice(0, 2).join(", "));
}

function badge(name, x, isHere) {
  return svg(
    "g",
    { class: isHere ? "badge here" : "badge" },
    svg("circle", { cx: x, cy: 28, r: 24 }),
    svg("text", { x, y: 37, "text-anchor": "middle" }, name),
  );
}

function marker(bay, x, y) {
  return svg(
    "g",
    { class: "marker" },
    svg("circle", { class: "halo", cx: x, cy: y, r: 34 }),
    svg("circle", { class: "dot", cx: x, cy: y, r: 20 }),
    svg("text", { x, y: y + 9, "text-anchor": "middle" }, bay),
  );
}
