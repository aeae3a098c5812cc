// The picture with the places on it: turns mouse, touch and keys into changes of corners.
import { KINDS, boxCorners, cornersOf } from "./drawing.js";
import { Painter } from "./painter.js";

const SNAP_PX = 7;
const LEAST_SIDE = 0.01;

// `hands` does what the pointer asks: select, begin, preview, end, add, insertCorner, nudge, remove, leaveTool.
export class Canvas {
  constructor(svg, hands) {
    this.svg = svg;
    this.painter = new Painter(svg);
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

  draw() {
    this.painter.draw(this.state, this.pending);
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
