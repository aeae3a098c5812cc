// The page Draw: joins picture, fields and server. Owns the selection, the tool, and what is not saved yet.
import { Canvas } from "./canvas.js";
import { Drawing, clockwiseFromTopLeft, cornersOf, freeName, moved, newPlace, withCorners } from "./drawing.js";
import { Form } from "./form.js";
import { skeleton, TOOL_WORDS } from "./skeleton.js";
import { ask } from "./wire.js";

export class Editor {
  constructor(root) {
    this.camera = root.dataset.camera;
    this.path = `/desk/${encodeURIComponent(this.camera)}`;
    this.draft = `plan:${this.camera}`;
    this.parts = skeleton(root);
    this.tool = "select";
    this.selected = null;
    this.faults = new Map();
    this.size = [1280, 720];
    this.canvas = new Canvas(this.parts.svg, this.hands());
    this.form = new Form(this.parts.list, this.parts.panel, this.hands());
    this.parts.bar.addEventListener("click", (event) => this.pressed(event.target.closest("[data-do]")));
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeunload", (event) => this.drawing?.isChanged && event.preventDefault());
  }

  async load() {
    const { ok, body } = await ask(`${this.path}/plan`);
    if (!ok) {
      this.parts.root.dataset.state = "unavailable";
      this.say(body.message, "bad");
      return;
    }
    this.version = body.version;
    Object.assign(this.form.titles, body.titles);
    this.drawing = new Drawing(body.places);
    this.restore();
    await this.still();
    this.parts.root.dataset.state = "ready";
    this.show();
  }

  // A drawing that was not saved when the page went comes back, as long as nobody changed the file meanwhile.
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.draft) ?? "null");
    if (!kept || JSON.stringify(kept.places) === this.drawing.saved) return;
    if (kept.version !== this.version) {
      this.say("The drawing was changed elsewhere meanwhile; what you had not saved is gone.", "warn");
      return;
    }
    this.drawing.change(kept.places);
    this.say("Your unsaved drawing is back.", "warn");
  }

  async still() {
    const { ok, body } = await ask(`${this.path}/still`, { method: "POST" });
    this.parts.frame.classList.toggle("no-picture", !ok);
    if (!ok) {
      this.say(`${body.message} You can draw without a picture, or take one later.`, "warn");
      return;
    }
    this.size = [body.width_px, body.height_px];
    this.parts.frame.style.aspectRatio = `${body.width_px} / ${body.height_px}`;
    this.parts.image.src = `${this.path}/stills/${body.still_id}.jpg`;
  }

  show() {
    const state = { places: this.drawing.places, selected: this.selected, tool: this.tool, faults: this.faults, size: this.size };
    this.canvas.show(state);
    this.form.show(state);
    const { isChanged, past, future } = this.drawing;
    this.parts.showBar({ tool: this.tool, isChanged, canUndo: past.length > 0, canRedo: future.length > 0, selected: this.selected });
    if (isChanged) sessionStorage.setItem(this.draft, JSON.stringify({ version: this.version, places: this.drawing.places }));
    else sessionStorage.removeItem(this.draft);
  }

  change(places) {
    this.drawing.change(places);
    this.faults = new Map();
    this.show();
  }

  say(text, tone = "") {
    this.parts.message.textContent = text;
    this.parts.message.className = `plan-message ${tone}`;
  }

  at(kind, index) {
    return this.drawing.places[kind][index];
  }

  hands() {
    return {
      select: (selected) => { this.selected = selected; this.show(); },
      begin: () => { this.drawing.begin(); this.faults = new Map(); },
      place: (kind, index, corner, point) => this.preview(kind, index, this.withCorner(kind, index, corner, point)),
      shift: (kind, index, dx, dy) => this.preview(kind, index, moved(kind, this.at(kind, index), dx, dy)),
      nudge: (kind, index, corner, dx, dy) => this.nudge(kind, index, corner, dx, dy),
      insertCorner: (kind, index, after, point) => this.insertCorner(kind, index, after, point),
      add: (kind, points) => this.add(kind, points),
      edit: (kind, index, place) => this.change(this.drawing.with(kind, index, place)),
      remove: (kind, index, corner = null) => this.remove(kind, index, corner),
      duplicate: (kind, index) => this.duplicate(kind, index),
      turn: (kind, index) => this.turn(kind, index),
      sketched: (points) => this.parts.showSketch(points, this.tool),
      leaveTool: () => this.choose("select"),
    };
  }

  preview(kind, index, place) {
    this.drawing.preview(this.drawing.with(kind, index, place));
    this.show();
  }

  withCorner(kind, index, corner, point) {
    const corners = [...cornersOf(kind, this.at(kind, index))];
    corners[corner] = point;
    return withCorners(kind, this.at(kind, index), corners);
  }

  nudge(kind, index, corner, dx, dy) {
    const place = this.at(kind, index);
    if (corner === null) return this.change(this.drawing.with(kind, index, moved(kind, place, dx, dy)));
    const [x, y] = cornersOf(kind, place)[corner];
    return this.change(this.drawing.with(kind, index, this.withCorner(kind, index, corner, [x + dx, y + dy])));
  }

  insertCorner(kind, index, after, point) {
    const corners = [...cornersOf(kind, this.at(kind, index))];
    corners.splice(after + 1, 0, point);
    this.change(this.drawing.with(kind, index, withCorners(kind, this.at(kind, index), corners)));
    return after + 1;
  }

  add(kind, points) {
    const corners = kind === "slots" ? clockwiseFromTopLeft(points) : points;
    const places = { ...this.drawing.places };
    places[kind] = [...places[kind], newPlace(kind, corners, places)];
    this.tool = "select";
    this.selected = { kind, index: places[kind].length - 1 };
    this.change(places);
    this.form.focusField(kind === "slots" ? "sku" : "id");
  }

  remove(kind, index, corner) {
    const place = this.at(kind, index);
    const corners = cornersOf(kind, place);
    if (corner !== null && (kind === "zones" || kind === "masks") && corners.length > 3) {
      this.change(this.drawing.with(kind, index, withCorners(kind, place, corners.filter((_, at) => at !== corner))));
      return;
    }
    this.selected = null;
    this.change(this.drawing.with(kind, index, null));
  }

  duplicate(kind, index) {
    const place = this.at(kind, index);
    const [left, right] = [Math.min, Math.max].map((pick) => pick(...cornersOf(kind, place).map(([x]) => x)));
    const copy = { ...moved(kind, place, right - left, 0), id: freeName(this.drawing.places[kind], place.id) };
    const places = { ...this.drawing.places, [kind]: [...this.drawing.places[kind], copy] };
    this.selected = { kind, index: places[kind].length - 1 };
    this.change(places);
  }

  turn(kind, index) {
    const place = this.at(kind, index);
    this.change(this.drawing.with(kind, index, { ...place, start_norm: place.end_norm, end_norm: place.start_norm }));
  }

  choose(tool) {
    // Chosen twice, a tool puts its place in the middle: so it is drawn without a pointer.
    if (tool !== "select" && tool === this.tool) {
      const middle = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]];
      this.add(tool, tool === "lines" ? [[0.35, 0.5], [0.65, 0.5]] : middle);
      return;
    }
    this.tool = tool;
    if (tool !== "select") this.selected = null;
    this.say(TOOL_WORDS[tool]);
    this.show();
  }

  async pressed(button) {
    if (!button || !this.drawing) return;
    const { do: what, tool } = button.dataset;
    if (what === "tool") this.choose(tool);
    if (what === "undo" || what === "redo") this.step(what);
    if (what === "finish") this.canvas.finish();
    if (what === "still") await this.still().then(() => this.show());
    if (what === "discard") this.discard();
    if (what === "save") await this.save();
  }

  step(what) {
    if (!this.drawing[what]()) return;
    const { kind, index } = this.selected ?? {};
    if (kind && !this.at(kind, index)) this.selected = null;
    this.faults = new Map();
    this.show();
  }

  discard() {
    this.selected = null;
    this.change(JSON.parse(this.drawing.saved));
    this.say("As it was saved last. Undo brings your drawing back.");
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || !this.drawing) return;
    const key = event.key.toLowerCase();
    const isTyping = event.target.matches?.("input, select, textarea");
    if (key === "s") this.save();
    else if (!isTyping && key === "z") this.step(event.shiftKey ? "redo" : "undo");
    else if (!isTyping && key === "y") this.step("redo");
    else return;
    event.preventDefault();
  }

  async save() {
    if (this.isSaving || !this.drawing.isChanged) return;
    document.activeElement?.blur();
    this.isSaving = true;
    this.say("Saving\u2026");
    const sent = { version: this.version, places: this.drawing.places };
    const { ok, body } = await ask(`${this.path}/plan`, { method: "PUT", body: sent });
    this.isSaving = false;
    if (ok) {
      this.version = body.version;
      this.drawing.saved = JSON.stringify(sent.places);
      this.faults = new Map();
      this.say(["Saved, and in effect now.", ...body.notes].join(" "), body.notes.length ? "warn" : "good");
    } else {
      this.mark(body.faults ?? []);
      const general = (body.faults ?? []).filter((fault) => fault.index === null).map((fault) => fault.sentence);
      this.say([body.message, ...general].join(" "), "bad");
    }
    this.show();
  }

  // The first place that is wrong is selected, so that its sentence is in view.
  mark(faults) {
    this.faults = new Map();
    for (const fault of faults.filter((one) => one.index !== null)) {
      const key = `${fault.kind}.${fault.index}`;
      this.faults.set(key, [...(this.faults.get(key) ?? []), fault]);
    }
    const [first] = this.faults.keys();
    if (first) this.selected = { kind: first.split(".")[0], index: Number(first.split(".")[1]) };
  }
}
