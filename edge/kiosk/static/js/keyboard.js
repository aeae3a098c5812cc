// The on-screen keyboard: it types into one input and tells when "Ask" is pressed. Its letters are the language's.

import { el, icon, replace } from "./dom.js";

export class Keyboard {
  constructor(panel, words, { input, onAsk, onChange }) {
    Object.assign(this, { panel, words, input, onAsk, onChange });
    this.draw();
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

  draw() {
    replace(this.panel, ...this.rows());
  }

  rows() {
    const rows = this.words.keys.map((letters) => el("div", { class: "keys" }, ...[...letters].map((key) => this.key(key))));
    const erase = this.button("erase", [icon("backspace")], () => this.erase(), this.words.say("erase"));
    rows.at(-1).append(erase);
    const space = this.button("space", [this.words.say("space")], () => this.type(" "));
    const hide = this.button("hide", [icon("down")], () => this.close(), this.words.say("hide"));
    const ask = this.button("ask-key", [this.words.say("ask")], () => this.onAsk());
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
    const input = this.input();
    if (input.value.length >= input.maxLength) return;
    const at = input.selectionStart ?? input.value.length;
    input.setRangeText(text, at, input.selectionEnd ?? at, "end");
    this.changed(input);
  }

  erase() {
    const input = this.input();
    const { selectionStart: from, selectionEnd: to } = input;
    if (from === to && from === 0) return;
    input.setRangeText("", from === to ? from - 1 : from, to, "end");
    this.changed(input);
  }

  changed(input) {
    input.scrollLeft = input.scrollWidth;
    this.onChange();
  }
}
