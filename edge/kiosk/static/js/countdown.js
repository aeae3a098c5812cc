// "Are you still there?" with the seconds left, before the session is wiped.

import { el, replace, svg } from "./dom.js";

const ROUND = 2 * Math.PI * 54;

export class Countdown {
  constructor(node, words, { onFinish }) {
    Object.assign(this, { node, words, onFinish });
  }

  // The seconds are for the eye; a screen reader hears the question once.
  show(seconds, ofSeconds) {
    if (this.node.hidden) this.open();
    this.number.textContent = String(seconds);
    this.ring.setAttribute("stroke-dashoffset", String(ROUND * (1 - seconds / ofSeconds)));
  }

  open() {
    this.ring = svg("circle", { class: "ring", cx: 60, cy: 60, r: 54, "stroke-dasharray": ROUND, "stroke-dashoffset": 0 });
    this.number = el("strong", {});
    const clock = el("div", { class: "left", "aria-hidden": "true" }, svg("svg", { viewBox: "0 0 120 120" }, svg("circle", { class: "track", cx: 60, cy: 60, r: 54 }), this.ring), this.number);
    const goOn = el("button", { type: "button", class: "go-on" }, this.words.say("go_on")); // any touch goes on
    const finish = el("button", { type: "button", class: "plain", onclick: () => this.onFinish() }, this.words.say("finish"));
    replace(
      this.node,
      el("div", { class: "box" }, clock, el("h2", { id: "still-there" }, this.words.say("still_there")), el("p", { id: "forgets-in" }, this.words.say("forgets_in")), goOn, finish),
    );
    this.before = document.activeElement;
    this.node.hidden = false;
    goOn.focus({ preventScroll: true });
  }

  // Closes after the touch that went on has done its work, so that "I am done" is still there to be pressed.
  hide({ now = false } = {}) {
    if (this.node.hidden) return;
    const close = () => {
      this.node.hidden = true;
      replace(this.node);
    };
    if (now) close();
    else setTimeout(close, 250);
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    this.before = null;
  }
}
