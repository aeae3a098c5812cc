// Draws the places over the picture as SVG: shapes, handles of what is selected, and what is being drawn.
import { KINDS, cornersOf, titleOf } from "./drawing.js";

const SVG = "http://www.w3.org/2000/svg";

export function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export class Painter {
  constructor(svg) {
    this.svg = svg;
  }

  // One picture pixel of the page in the drawing's units, so that handles keep their size on every screen.
  get unit() {
    return this.state.size[0] / (this.svg.getBoundingClientRect().width || this.state.size[0]);
  }

  // `state`: size, places, selected, faults, tool; `pending`: the corners of what is no place yet.
  draw(state, pending) {
    this.state = state;
    this.pending = pending;
    const focused = document.activeElement?.dataset?.key;
    const { size, places, selected, faults } = state;
    this.svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    const shapes = ["masks", "zones", "slots", "lines"].flatMap((kind) =>
      places[kind].map((place, index) => this.shape(kind, place, index, faults.has(`${kind}.${index}`))),
    );
    const handles = selected ? this.handles(selected.kind, selected.index) : [];
    this.svg.replaceChildren(this.svg.querySelector("defs"), ...shapes, ...handles, ...this.sketch());
    if (focused) this.svg.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  px([x, y]) {
    return [x * this.state.size[0], y * this.state.size[1]];
  }

  shape(kind, place, index, isWrong) {
    const { selected } = this.state;
    const isSelected = selected?.kind === kind && selected.index === index;
    const corners = cornersOf(kind, place).map((corner) => this.px(corner));
    const name = titleOf(kind, place, index);
    const group = make("g", {
      class: `shape ${kind} ${isSelected ? "selected" : ""} ${isWrong ? "wrong" : ""}`,
      "data-kind": kind, "data-index": index, "data-key": `${kind}.${index}`,
      tabindex: 0, role: "button", "aria-label": `${KINDS[kind].one} ${name}`, "aria-pressed": isSelected,
    });
    if (corners.length < KINDS[kind].fewest) return group;
    group.append(kind === "lines" ? this.line(corners) : make("polygon", { points: corners.join(" ") }));
    if (kind === "slots") group.append(...this.facings(corners, place.facings));
    group.append(this.label(corners, name));
    return group;
  }

  // A line is seen and caught along its length; its arrow points to where going over it is "in".
  line([start, end]) {
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const length = Math.hypot(dx, dy) || 1;
    const [mx, my] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
    const reach = 34 * this.unit;
    const tip = [mx - (dy / length) * reach, my + (dx / length) * reach];
    const ends = { x1: start[0], y1: start[1], x2: end[0], y2: end[1] };
    const arrow = { x1: mx, y1: my, x2: tip[0], y2: tip[1], "marker-end": "url(#plan-arrow)" };
    return make("g", {}, make("line", { ...ends, class: "catch" }), make("line", ends), make("line", arrow));
  }

  facings([a, b, c, d], count) {
    const at = (from, to, share) => [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    const inner = Number.isInteger(count) && count > 1 && count <= 40 ? count - 1 : 0;
    return Array.from({ length: inner }, (_, number) => {
      const share = (number + 1) / count;
      const [top, bottom] = [at(a, b, share), at(d, c, share)];
      return make("line", { x1: top[0], y1: top[1], x2: bottom[0], y2: bottom[1], class: "facing" });
    });
  }

  label(corners, name) {
    const x = Math.min(...corners.map(([left]) => left)), y = Math.min(...corners.map(([, top]) => top));
    const size = 12.5 * this.unit;
    const text = make("text", { x: x + 6 * this.unit, y: y + 16 * this.unit, "font-size": size });
    text.textContent = name;
    return text;
  }

  handles(kind, index) {
    const place = this.state.places[kind][index];
    if (!place) return [];
    const corners = cornersOf(kind, place);
    const common = { "data-kind": kind, "data-index": index };
    const dots = corners.map((corner, number) => this.handle(this.px(corner), {
      ...common, "data-corner": number, "data-key": `${kind}.${index}.${number}`, tabindex: 0, role: "button",
      class: "corner", "aria-label": `${titleOf(kind, place, index)}, corner ${number + 1} of ${corners.length}`,
    }));
    if (KINDS[kind].most === KINDS[kind].fewest || corners.length >= KINDS[kind].most) return dots;
    const between = corners.map((corner, number) => {
      const next = corners[(number + 1) % corners.length];
      const middle = this.px([(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2]);
      return this.handle(middle, { ...common, "data-after": number, class: "between" });
    });
    return [...between, ...dots];
  }

  handle([x, y], attributes) {
    const catching = make("circle", { cx: x, cy: y, r: 15 * this.unit, class: "catch" });
    const radius = (attributes.class === "corner" ? 6 : 4) * this.unit;
    return make("g", attributes, catching, make("circle", { cx: x, cy: y, r: radius }));
  }

  // What is being drawn and is no place yet.
  sketch() {
    if (!this.pending.length) return [];
    const points = this.pending.map((point) => this.px(point));
    const dots = points.map(([x, y]) => make("circle", { cx: x, cy: y, r: 5 * this.unit, class: "sketch-dot" }));
    return [make(this.state.tool === "slots" ? "polygon" : "polyline", { points: points.join(" "), class: "sketch" }), ...dots];
  }
}
