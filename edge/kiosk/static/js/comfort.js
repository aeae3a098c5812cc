// Language, large type and high contrast, for one session: buttons at the foot of the screen.

import { el, icon, replace } from "./dom.js";

export class Comfort {
  constructor(node, words, { onLanguage }) {
    Object.assign(this, { node, words, onLanguage });
    this.draw();
  }

  get isChanged() {
    const { large, contrast } = document.documentElement.dataset;
    return Boolean(large || contrast) || this.words.code !== this.words.home;
  }

  reset() {
    this.words.use(this.words.home);
    delete document.documentElement.dataset.large;
    delete document.documentElement.dataset.contrast;
    this.draw();
  }

  draw() {
    const { large, contrast } = document.documentElement.dataset;
    const spoken = Object.entries(this.words.languages);
    const languages = (spoken.length > 1 ? spoken : []).map(([code, { name }]) =>
      el("button", { type: "button", class: "language", lang: code, "aria-pressed": String(code === this.words.code), onclick: () => this.onLanguage(code) }, name),
    );
    replace(
      this.node,
      el("div", { class: "languages", role: "group", "aria-label": this.words.say("language") }, ...languages),
      el("div", { class: "switches" }, this.toggle("large", "large_type", "letters", large), this.toggle("contrast", "high_contrast", "contrast", contrast)),
    );
  }

  toggle(name, key, picture, isOn) {
    const press = () => {
      if (isOn) delete document.documentElement.dataset[name];
      else document.documentElement.dataset[name] = "on";
      this.draw();
      this.node.querySelector(`.${name}`).focus({ preventScroll: true });
    };
    return el("button", { type: "button", class: `switch ${name}`, "aria-pressed": String(Boolean(isOn)), "aria-label": this.words.say(key), onclick: press }, icon(picture));
  }
}
