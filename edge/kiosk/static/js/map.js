// The shop's floor from above, with the way from this screen to one bay or mark. Draws what the plan says.

import { svg } from "./dom.js";

const UNIT = 40; // drawing units a metre
const EDGE = 26;
const LABEL = 28;
const STEP = { north: [0, -1], east: [1, 0], south: [0, 1], west: [-1, 0] };
const ICONS = { entrance: "enter", exit: "leave", till: "till", service_desk: "person", toilet: "toilet", bottle_return: "drinks", parcels: "parcel", cash: "coins" };

// goal: { aisle, bay } of a product or { service } of the shop; way may be missing.
export function shelfMap(words, plan, goal, way) {
  const spoken = [words.say("map_label"), goal.service ?? words.place(goal), way ? words.way(way) : ""].filter(Boolean).join(". ");
  const end = bayMiddle(plan, goal) ?? way?.goal_m ?? null;
  return svg(
    "svg",
    { class: "plan", viewBox: `${-EDGE} ${-EDGE} ${plan.width_m * UNIT + 2 * EDGE} ${plan.depth_m * UNIT + 2 * EDGE}`, role: "img", "aria-label": spoken },
    box("floor", [0, 0, plan.width_m, plan.depth_m], 24),
    ...plan.blocked.map((one) => box("blocked", one, 4)),
    ...plan.shelves.flatMap((shelf) => drawShelf(shelf, goal)),
    ...plan.shelves.map((shelf) => badge(shelf, shelf.aisle === goal.aisle)),
    way && plan.kiosk ? drawWay(plan, way, end) : null,
    ...plan.marks.map(drawMark),
    plan.kiosk ? drawHere(plan.kiosk) : null,
    end ? drawPin(end, goal.bay) : null,
  );
}

// Which kinds of marks the plan shows, in its own order, for the legend.
export function markKinds(plan) {
  return [...new Set(plan.marks.map((mark) => mark.kind))].map((kind) => ({ kind, icon: ICONS[kind] }));
}

function box(className, [left, top, right, bottom], radius) {
  return svg("rect", { class: className, x: left * UNIT, y: top * UNIT, width: (right - left) * UNIT, height: (bottom - top) * UNIT, rx: radius });
}

function drawShelf(shelf, goal) {
  const isHere = shelf.aisle === goal.aisle;
  return shelf.bays.map(({ bay, box_m: [left, top, right, bottom] }) => {
    const kind = isHere && bay === goal.bay ? "bay here" : isHere ? "bay near" : "bay";
    const gap = 0.04;
    return box(kind, [left + gap, top + gap, right - gap, bottom - gap], 6);
  });
}

function badge(shelf, isHere) {
  const [left, top, right, bottom] = shelf.box_m;
  const [dx, dy] = STEP[shelf.front]; // towards the aisle, so that two shelves back to back keep their numbers apart
  const [x, y] = [((left + right) / 2 + dx * 0.3) * UNIT, ((top + bottom) / 2 + dy * 0.3) * UNIT];
  const width = Math.max(44, shelf.aisle.length * 18 + 20);
  return svg(
    "g",
    { class: isHere ? "badge here" : "badge" },
    svg("rect", { x: x - width / 2, y: y - 22, width, height: 44, rx: 22 }),
    svg("text", { x, y: y + LABEL / 3, "text-anchor": "middle" }, shelf.aisle),
  );
}

function bayMiddle(plan, goal) {
  for (const shelf of plan.shelves.filter((one) => one.aisle === goal.aisle)) {
    const found = shelf.bays.find(({ bay }) => bay === goal.bay);
    if (!found) continue;
    const [left, top, right, bottom] = found.box_m;
    return [(left + right) / 2, (top + bottom) / 2];
  }
  return null;
}

function drawWay(plan, way, end) {
  const points = [plan.kiosk.at_m, ...way.points_m, ...(end ? [end] : [])];
  const line = points.map(([x, y]) => `${x * UNIT},${y * UNIT}`).join(" ");
  return svg("g", {}, svg("polyline", { class: "way-under", points: line }), svg("polyline", { class: "way", points: line }));
}

function drawMark(mark) {
  const [x, y] = [mark.at_m[0] * UNIT, mark.at_m[1] * UNIT];
  return svg(
    "g",
    { class: "mark" },
    svg("circle", { cx: x, cy: y, r: 21 }),
    svg("use", { href: `/static/icons.svg#${ICONS[mark.kind] ?? "pin"}`, x: x - 14, y: y - 14, width: 28, height: 28 }),
  );
}

function drawHere({ at_m: [x, y], faces }) {
  const [dx, dy] = STEP[faces];
  const [cx, cy] = [x * UNIT, y * UNIT];
  const nose = `${cx + dx * 40},${cy + dy * 40} ${cx + dx * 18 - dy * 15},${cy + dy * 18 + dx * 15} ${cx + dx * 18 + dy * 15},${cy + dy * 18 - dx * 15}`;
  return svg("g", { class: "you" }, svg("circle", { class: "halo", cx, cy, r: 40 }), svg("polygon", { points: nose }), svg("circle", { class: "dot", cx, cy, r: 20 }));
}

function drawPin([x, y], bay) {
  const [cx, cy] = [x * UNIT, y * UNIT];
  return svg(
    "g",
    { class: "pin" },
    svg("circle", { class: "halo", cx, cy, r: 44 }),
    svg("circle", { class: "dot", cx, cy, r: 24 }),
    bay ? svg("text", { x: cx, y: cy + LABEL / 3, "text-anchor": "middle" }, bay) : null,
  );
}
