// What the page Draw is made of, before anything is known: bar, picture, list, fields.
import { tag } from "./form.js";
import { make } from "./painter.js";

export const TOOL_WORDS = {
  select: "",
  slots: "Drag over a place on the shelf, from corner to corner. Its four corners can be moved afterwards.",
  zones: "Set the corners of the zone on the floor one after the other; the first one, or Finish, closes it.",
  lines: "Drag from one end of the line to the other. The arrow will show which way is in.",
  masks: "Set the corners of the part that nobody may see; the first one, or Finish, closes it.",
};
const TOOLS = [["select", "Select"], ["slots", "Slot"], ["zones", "Zone"], ["lines", "Line"], ["masks", "Mask"]];

function button(words, what, attributes = {}) {
  return tag("button", { type: "button", class: "quiet", "data-do": what, ...attributes }, words);
}

function definitions() {
  const arrow = make("marker", { id: "plan-arrow", viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" },
    make("path", { d: "M0 0 10 5 0 10z" }));
  const hatch = make("pattern", { id: "plan-hatch", width: 14, height: 14, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    make("rect", { width: 14, height: 14, class: "hatch-ground" }), make("rect", { width: 5, height: 14, class: "hatch-line" }));
  return make("defs", {}, arrow, hatch);
}

export function skeleton(root) {
  const tools = TOOLS.map(([tool, words]) => button(words, "tool", { "data-tool": tool, class: "" }));
  const finish = button("Finish", "finish", { hidden: true });
  const undo = button("Undo", "undo", { title: "Ctrl+Z" });
  const redo = button("Redo", "redo", { title: "Ctrl+Y" });
  const save = button("Save", "save", { class: "primary", title: "Ctrl+S" });
  const discard = button("Discard", "discard");
  const unsaved = tag("span", { class: "unsaved", hidden: true }, "Not saved yet");
  const bar = tag("div", { class: "plan-bar" },
    tag("div", { class: "chips", role: "group", "aria-label": "Tool" }, ...tools), finish, undo, redo, button("New picture", "still"),
    tag("span", { class: "spacer" }), unsaved, discard, save);
  const message = tag("p", { class: "plan-message", role: "status" });
  const image = tag("img", { alt: "Picture of the camera, people made unrecognisable" });
  const svg = make("svg", { class: "plan-canvas", role: "group", "aria-label": "Drawing", viewBox: "0 0 1280 720" }, definitions());
  const frame = tag("div", { class: "picture plan-frame" }, image, svg);
  const list = tag("div", { class: "plan-list", "aria-label": "Places" });
  const panel = tag("form", { class: "plan-panel" });
  panel.addEventListener("submit", (event) => event.preventDefault());
  const side = tag("div", { class: "plan-side" }, tag("div", { class: "card" }, panel), tag("div", { class: "card fill" }, list));
  const help = tag("p", { class: "plan-help" }, "Corners snap to their neighbours; hold Alt to draw freely. Arrow keys move what has the focus by a pixel, with Shift by ten; Delete takes it away.");
  root.replaceChildren(bar, message, tag("div", { class: "plan-columns" }, tag("div", { class: "plan-stage" }, frame, help), side));

  const showBar = ({ tool, isChanged, canUndo, canRedo }) => {
    for (const one of tools) {
      one.classList.toggle("on", one.dataset.tool === tool);
      one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
    }
    [undo.disabled, redo.disabled, save.disabled, discard.disabled] = [!canUndo, !canRedo, !isChanged, !isChanged];
    unsaved.hidden = !isChanged;
    svg.classList.toggle("drawing", tool !== "select");
  };
  const showSketch = (points, tool) => {
    finish.hidden = !(points >= 3 && (tool === "zones" || tool === "masks"));
  };
  return { root, bar, message, image, svg, frame, list, panel, showBar, showSketch };
}
