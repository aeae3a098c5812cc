// The on-screen keyboard: it types into one input and tells when "Ask" is pressed.

import { el, icon, replace } from "./dom.js";

const LETTERS = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

export class Keyboard {
  constructor(panel, input, { onAsk, onChange }) {
    this.panel = panel;
    this.input = input;
    this.onAsk = onAsk;
    this.onChange = onChange;
    replace(panel, ...this.rows());
    // Keys must not take the focus from the input, or its caret and focus ring are lost.
    panel.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open() {
    this.panel.hidden = false;
    document.body.dataset.keyboard = "open";
  }

  close() {
    this.panel.hidden = true;
    delete document.body.dataset.keyboard;
  }

  rows() {
    const rows = LETTERS.map((letters) => el("div", { class: "keys" }, ...[...letters].map((key) => this.key(key))));
    const erase = this.button("erase", [icon("backspace")], () => this.erase(), "Delete a letter");
    rows[3].append(this.key("'"), this.key("%"), erase);
    const space = this.button("space", ["space"], () => this.type(" "));
    const hide = this.button("hide", [icon("down")], () => this.close(), "Hide the keyboard");
    const ask = this.button("ask-key", ["Ask"], () => this.onAsk());
    rows.push(el("div", { class: "keys" }, hide, this.key(","), space, this.key("."), this.key("?"), ask));
    return rows;
  }

  key(letter) {
    return this.button("", [letter], () => this.type(letter));
  }

  button(className, children, press, label = null) {
    const attributes = { type: "button", class: `key ${className}`, "aria-label": label, onclick: press };
    return el("button", attributes, ...children);
  }

  type(text) {
    if (this.input.value.length >= this.input.maxLength) return;
    const at = this.input.selectionStart ?? this.input.value.length;
    this.input.setRangeText(text, at, this.input.selectionEnd ?? at, "end");
    this.changed();
  }

  erase() {
    const { selectionStart: from, selectionEnd: to } = this.input;
    if (from === to && from === 0) return;
    this.input.setRangeText("", from === to ? from - 1 : from, to, "end");
    this.changed();
  }

  changed() {
    this.input.scrollLeft = this.input.scrollWidth;
    this.onChange();
  }
}
