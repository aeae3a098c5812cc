// Tells when nobody has touched the screen for a while, and a little before.

const WARNING_MS = 8000;

export class Idle {
  constructor(idleMs, { onWarn, onActive, onIdle }) {
    this.idleMs = idleMs;
    this.warnMs = Math.max(idleMs / 2, idleMs - WARNING_MS);
    this.onWarn = onWarn;
    this.onActive = onActive;
    this.onIdle = onIdle;
    for (const type of ["pointerdown", "keydown", "wheel", "touchstart"]) {
      document.addEventListener(type, () => this.touched(), { capture: true, passive: true });
    }
    this.touched();
  }

  touched() {
    clearTimeout(this.warning);
    clearTimeout(this.ending);
    this.onActive();
    this.warning = setTimeout(() => this.onWarn(this.idleMs - this.warnMs), this.warnMs);
    this.ending = setTimeout(() => this.onIdle(), this.idleMs);
  }
}
