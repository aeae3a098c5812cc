// Tells when nobody has touched the screen for a while, and counts the last seconds before.

const COUNT_MS = 10000;

export class Idle {
  constructor(idleMs, { onCount, onActive, onIdle }) {
    Object.assign(this, { idleMs, onCount, onActive, onIdle });
    this.countMs = Math.min(COUNT_MS, idleMs / 2);
    for (const type of ["pointerdown", "keydown", "wheel", "touchstart"]) {
      document.addEventListener(type, () => this.touched(), { capture: true, passive: true });
    }
    this.touched();
  }

  touched() {
    clearTimeout(this.timer);
    this.onActive();
    this.endsAt = performance.now() + this.idleMs;
    this.timer = setTimeout(() => this.count(), this.idleMs - this.countMs);
  }

  count() {
    const leftMs = this.endsAt - performance.now();
    if (leftMs <= 0) {
      this.onIdle();
      return;
    }
    this.onCount(Math.ceil(leftMs / 1000), this.countMs / 1000);
    this.timer = setTimeout(() => this.count(), Math.min(250, leftMs));
  }
}
