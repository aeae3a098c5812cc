// Calls for a colleague from this screen, as staff move them on: open, somebody on the way, closed.

import * as api from "./api.js";

const WAITING_MS = 2000;
const QUIET_MS = 15000;

export class Tickets {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.open = [];
    this.look();
  }

  // A call was just made: look soon.
  opened(ticket) {
    if (!this.open.some((one) => one.ticket === ticket)) this.open.push({ ticket, is_taken: false });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), WAITING_MS);
  }

  stateOf(ticket) {
    const found = this.open.find((one) => one.ticket === ticket);
    return found ? (found.is_taken ? "coming" : "opened") : "closed";
  }

  async look() {
    try {
      const open = await api.tickets();
      const isNew = JSON.stringify(open) !== JSON.stringify(this.open);
      this.open = open;
      if (isNew) this.onChange();
    } catch {
      // the link says so on the whole screen; the next look follows
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), this.open.length ? WAITING_MS : QUIET_MS);
  }
}
