// The column beside the picture: every place by name, and the fields of the one that is selected.
import { KINDS, titleOf } from "./drawing.js";
import { ask } from "./wire.js";

const FIELDS = {
  slots: [
    { name: "id", label: "Name", type: "text", hint: "letters, digits, dots and dashes" },
    { name: "sku", label: "Product", type: "text", list: "plan-products", hint: "type a name or a number" },
    { name: "facings", label: "Facings", type: "number", min: 1, max: 40, hint: "packs side by side when full" },
    { name: "low_at", label: "Low at", type: "number", min: 0, max: 40, hint: "units; 0: never" },
  ],
  zones: [
    { name: "id", label: "Name", type: "text", hint: "letters, digits, dots and dashes" },
    { name: "kind", label: "Tells", type: "select", choices: [["dwell", "how long people stay"], ["queue", "how many queue"]] },
    { name: "min_dwell_s", label: "From", type: "number", min: 0, max: 3600, hint: "seconds; a shorter stay is not told" },
  ],
  lines: [{ name: "id", label: "Name", type: "text", hint: "the arrow shows which way is in" }],
  masks: [],
};
const SHAPE_FIELDS = ["polygon_norm", "start_norm", "end_norm", ""];

export function tag(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// `hands`: select, edit(kind, index, place), remove, duplicate, turn.
export class Form {
  constructor(list, panel, hands) {
    this.list = list;
    this.panel = panel;
    this.hands = hands;
    this.products = tag("datalist", { id: "plan-products" });
    this.titles = {};
    panel.addEventListener("input", (event) => this.typed(event));
    panel.addEventListener("change", (event) => this.entered(event));
    panel.addEventListener("click", (event) => this.pressed(event));
    list.addEventListener("click", (event) => {
      const { kind, index } = event.target.closest("[data-kind]")?.dataset ?? {};
      if (kind !== undefined) hands.select({ kind, index: Number(index) });
    });
  }

  show(state) {
    this.state = state;
    this.showList();
    this.showPanel();
  }

  showList() {
    const { places, selected, faults } = this.state;
    const groups = ["slots", "zones", "lines", "masks"].filter((kind) => places[kind].length).map((kind) => {
      const rows = places[kind].map((place, index) => {
        const isSelected = selected?.kind === kind && selected.index === index;
        const wrong = faults.has(`${kind}.${index}`);
        const name = tag("span", { class: "name" }, titleOf(kind, place, index));
        const about = tag("small", {}, kind === "slots" ? this.titles[place.sku] ?? place.sku : "");
        return tag("li", {}, tag("button", {
          type: "button", "data-kind": kind, "data-index": index, class: `place ${wrong ? "wrong" : ""}`, "aria-pressed": String(isSelected),
        }, tag("i", { class: `swatch ${kind}` }), name, about));
      });
      return tag("section", {}, tag("h3", {}, KINDS[kind].many, tag("small", {}, String(rows.length))), tag("ul", {}, ...rows));
    });
    const top = this.list.scrollTop;
    this.list.replaceChildren(...groups);
    if (!groups.length) this.list.append(tag("p", { class: "empty" }, "Nothing is drawn yet. Choose Slot above the picture and drag over a place on the shelf."));
    this.list.scrollTop = top;
  }

  showPanel() {
    const { places, selected } = this.state;
    const place = selected && places[selected.kind][selected.index];
    if (!place) {
      this.shown = null;
      this.panel.replaceChildren(tag("p", { class: "empty" }, "Select a place to see its fields."));
      return;
    }
    const { kind, index } = selected;
    const shown = JSON.stringify([kind, index]);
    if (this.shown === shown) this.fill(kind, index, place);
    else this.build(kind, index, place);
    this.shown = shown;
    this.showFaults(kind, index);
  }

  build(kind, index, place) {
    const rows = FIELDS[kind].map((field) => {
      const id = `plan-${field.name}`;
      const value = String(place[field.name] ?? "");
      const common = { id, name: field.name, "aria-describedby": `${id}-note` };
      const input = field.type === "select"
        ? tag("select", common, ...field.choices.map(([given, words]) => tag("option", { value: given, selected: given === value }, words)))
        : tag("input", { ...common, type: field.type, value, min: field.min ?? null, max: field.max ?? null, list: field.list ?? null, autocomplete: "off", spellcheck: "false" });
      return tag("div", { class: "field", "data-field": field.name }, tag("label", { for: id }, field.label), input, tag("p", { class: "note-line", id: `${id}-note` }));
    });
    const buttons = [
      kind === "slots" && tag("button", { type: "button", class: "quiet", "data-press": "duplicate" }, "Duplicate"),
      kind === "lines" && tag("button", { type: "button", class: "quiet", "data-press": "turn" }, "Turn round"),
      tag("button", { type: "button", class: "quiet danger", "data-press": "remove" }, `Delete ${KINDS[kind].one.toLowerCase()}`),
    ].filter(Boolean);
    this.panel.replaceChildren(
      tag("h3", {}, KINDS[kind].one), tag("p", { class: "shape-fault", role: "alert" }), ...rows, tag("div", { class: "buttons" }, ...buttons), this.products,
    );
    this.hint(kind, place);
  }

  // What is typed stays as it is typed; everything else follows undo and redo.
  fill(kind, index, place) {
    for (const { name } of FIELDS[kind]) {
      const input = this.panel.querySelector(`[name="${name}"]`);
      const value = String(place[name] ?? "");
      if (input !== document.activeElement && input.value !== value) input.value = value;
    }
    this.hint(kind, place);
  }

  hint(kind, place) {
    for (const { name, hint } of FIELDS[kind]) {
      const note = this.panel.querySelector(`#plan-${name}-note`);
      const title = name === "sku" && this.titles[place.sku];
      note.textContent = title || hint || "";
    }
  }

  showFaults(kind, index) {
    const faults = this.state.faults.get(`${kind}.${index}`) ?? [];
    this.panel.querySelector(".shape-fault").textContent = faults
      .filter((fault) => SHAPE_FIELDS.includes(fault.field)).map((fault) => fault.sentence).join(" ");
    for (const { name } of FIELDS[kind]) {
      const fault = faults.find((one) => one.field === name);
      const row = this.panel.querySelector(`[data-field="${name}"]`);
      row.classList.toggle("wrong", Boolean(fault));
      row.querySelector("input, select").setAttribute("aria-invalid", String(Boolean(fault)));
      if (fault) row.querySelector(".note-line").textContent = fault.sentence;
    }
  }

  focusField(name) {
    this.panel.querySelector(`[name="${name}"]`)?.focus();
  }

  get place() {
    const { selected, places } = this.state;
    return selected && places[selected.kind][selected.index];
  }

  typed(event) {
    if (event.target.name === "sku") this.suggest(event.target.value);
  }

  async suggest(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const { ok, body } = await ask(`/desk/products?q=${encodeURIComponent(text)}`);
      if (!ok) return;
      for (const { sku, title } of body) this.titles[sku] = title;
      this.products.replaceChildren(...body.map(({ sku, title }) => tag("option", { value: sku }, title)));
      const chosen = this.place;
      if (!chosen) return;
      const { kind, index } = this.state.selected;
      this.hint(kind, chosen);
      this.showFaults(kind, index); // what is wrong stays told
    }, 120);
  }

  entered(event) {
    const { name, value, type } = event.target;
    const { kind, index } = this.state.selected;
    const number = type === "number" && value.trim() !== "" ? Number(value) : value.trim();
    if (this.place[name] !== number) this.hands.edit(kind, index, { ...this.place, [name]: number });
  }

  pressed(event) {
    const press = event.target.closest("[data-press]")?.dataset.press;
    if (press) this.hands[press](this.state.selected.kind, this.state.selected.index);
  }
}
