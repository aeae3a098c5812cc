// Whether the shop's computer answers. Says so on the whole screen when it does not, and when it is back.

import * as api from "./api.js";

const CHECK_MS = 5000;
const RETRY_MS = 1500;

export class Link {
  constructor(node, { onBack }) {
    Object.assign(this, { node, onBack });
    this.check();
  }

  get isLost() {
    return !this.node.hidden;
  }

  // Something could not be reached: look whether it was more than one slip.
  doubt() {
    clearTimeout(this.timer);
    this.check();
  }

  async check() {
    let isUp = true;
    try {
      await api.health();
    } catch {
      isUp = false;
    }
    const wasLost = this.isLost;
    this.node.hidden = isUp;
    if (isUp && wasLost) this.onBack();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), isUp ? CHECK_MS : RETRY_MS);
  }
}
