// The picture with the places on it: draws them, and turns mouse, touch and keys into changes of corners.
import { KINDS, boxCorners, cornersOf, titleOf } from "./drawing.js";

const SVG = "http://www.w3.org/2000/svg";
const SNAP_PX = 7;
const LEAST_SIDE = 0.01;

export function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// `hands` does what the pointer asks: select, begin, preview, end, add, insertCorner, nudge, remove, leaveTool.
export class Canvas {
  constructor(svg, hands) {
    this.svg = svg;
    this.hands = hands;
    this.pending = [];
    this.drag = null;
    // Else a finger lifted on the move is a fling, and the tap that follows one only stops it.
    svg.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", (event) => this.up(event));
    svg.addEventListener("pointercancel", () => this.cancel());
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focusin", (event) => this.focused(event));
    new ResizeObserver(() => this.state && this.draw()).observe(svg);
  }

  show(state) {
    if (state.tool !== this.state?.tool) this.pending = [];
    this.state = state;
    this.draw();
  }

  // One picture pixel of the page in the drawing's units, so that handles keep their size on every screen.
  get unit() {
    return this.state.size[0] / (this.svg.getBoundingClientRect().width || this.state.size[0]);
  }

  draw() {
    const focused = document.activeElement?.dataset?.key;
    const { size, places, selected, faults } = this.state;
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

  at(event) {
    const box = this.svg.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  // The nearest corner of another place within reach, so that neighbours share an edge; Alt draws freely.
  snapped(point, own, isFree) {
    if (isFree) return point;
    const box = this.svg.getBoundingClientRect();
    let best = point, nearest = SNAP_PX;
    for (const kind of Object.keys(KINDS)) {
      this.state.places[kind].forEach((place, index) => {
        if (kind === own?.kind && index === own.index) return;
        for (const corner of cornersOf(kind, place)) {
          const away = Math.hypot((corner[0] - point[0]) * box.width, (corner[1] - point[1]) * box.height);
          if (away < nearest) [best, nearest] = [corner, away];
        }
      });
    }
    return best;
  }

  down(event) {
    if (event.button !== 0 || this.drag) return;
    const from = this.at(event);
    this.svg.setPointerCapture(event.pointerId);
    if (this.state.tool !== "select") {
      this.sketchDown(this.snapped(from, null, event.altKey), event);
      return;
    }
    const found = event.target.closest("[data-kind]");
    if (!found) {
      this.hands.select(null);
      return;
    }
    const { kind, index, corner, after } = found.dataset;
    let number = corner === undefined ? null : Number(corner);
    if (after !== undefined) number = this.hands.insertCorner(kind, Number(index), Number(after), from);
    else this.hands.select({ kind, index: Number(index) });
    this.drag = { kind, index: Number(index), corner: number, from, last: from, hasBegun: after !== undefined };
    this.svg.querySelector(`[data-key="${kind}.${index}${number === null ? "" : `.${number}`}"]`)?.focus({ preventScroll: true });
    event.preventDefault();
  }

  sketchDown(point, event) {
    event.preventDefault();
    const { tool } = this.state;
    if (tool === "zones" || tool === "masks") {
      const box = this.svg.getBoundingClientRect();
      const [first] = this.pending;
      const closes = first && Math.hypot((first[0] - point[0]) * box.width, (first[1] - point[1]) * box.height) < 12;
      if (closes) this.finish();
      else this.pending = [...this.pending, point];
    } else {
      this.drag = { sketch: point };
      this.pending = [point];
    }
    this.draw();
    this.hands.sketched(this.pending.length);
  }

  move(event) {
    if (!this.drag) return;
    const point = this.at(event);
    if (this.drag.sketch) {
      const end = this.snapped(point, null, event.altKey);
      this.pending = this.state.tool === "slots" ? boxCorners(this.drag.sketch, end) : [this.drag.sketch, end];
      this.draw();
      return;
    }
    if (!this.drag.hasBegun) {
      const box = this.svg.getBoundingClientRect();
      const [dx, dy] = [(point[0] - this.drag.from[0]) * box.width, (point[1] - this.drag.from[1]) * box.height];
      if (Math.hypot(dx, dy) < 3) return;
      this.hands.begin();
      this.drag.hasBegun = true;
    }
    const { kind, index, corner, last } = this.drag;
    if (corner === null) this.hands.shift(kind, index, point[0] - last[0], point[1] - last[1]);
    else this.hands.place(kind, index, corner, this.snapped(point, { kind, index }, event.altKey));
    this.drag.last = point;
  }

  up() {
    const drag = this.drag;
    this.drag = null;
    if (!drag?.sketch) return;
    this.finish();
  }

  cancel() {
    this.drag = null;
    this.pending = [];
    this.draw();
    this.hands.sketched(0);
  }

  // Turn what was sketched into a place when there is enough of it.
  finish() {
    const { tool } = this.state;
    const points = this.pending;
    this.pending = [];
    const spread = [0, 1].map((axis) => Math.max(...points.map((p) => p[axis])) - Math.min(...points.map((p) => p[axis])));
    const isEnough = tool === "lines" ? Math.max(...spread) > LEAST_SIDE : Math.min(...spread) > LEAST_SIDE / 2;
    if (points.length >= KINDS[tool].fewest && isEnough) this.hands.add(tool, points);
    else this.draw();
    this.hands.sketched(0);
  }

  focused(event) {
    const { kind, index } = event.target.closest("[data-kind]")?.dataset ?? {};
    const { selected, tool } = this.state;
    if (kind === undefined || tool !== "select" || this.drag) return;
    if (selected?.kind !== kind || selected.index !== Number(index)) this.hands.select({ kind, index: Number(index) });
  }

  key(event) {
    if (event.key === "Escape") this.pending.length ? this.cancel() : this.hands.leaveTool();
    if (event.key === "Enter" && this.pending.length >= 3) this.finish();
    const { kind, index, corner } = event.target.closest?.("[data-kind]")?.dataset ?? {};
    if (kind === undefined) return;
    const step = (event.shiftKey ? 10 : 1) / this.state.size[0];
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (way) {
      const tall = this.state.size[0] / this.state.size[1];
      this.hands.nudge(kind, Number(index), corner === undefined ? null : Number(corner), way[0] * step, way[1] * step * tall);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.hands.remove(kind, Number(index), corner === undefined ? null : Number(corner));
    } else if (event.key === "Enter" || event.key === " ") {
      this.hands.select({ kind, index: Number(index) });
    } else {
      return;
    }
    event.preventDefault();
  }
}
