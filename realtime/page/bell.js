/** Sounds while it rings, drawn by the browser, and a vibration: as far as the browser allows, and the user wants it. */

const LOUDNESS = 0.12;
/** By what happens: how often, and which tones, each from when in the stroke and for how long, in seconds. */
const STROKES = {
  /** Somebody to meet. */
  offer: { every_s: 2.5, vibrates: [180, 90, 180], tones: [[659, 0, 0.35], [880, 0.16, 0.35]] },
  /** Somebody whom they know calls. */
  ring: { every_s: 3, vibrates: [400, 200, 400], tones: [[587, 0, 0.3], [740, 0.2, 0.3], [880, 0.4, 0.5], [740, 0.9, 0.3], [880, 1.1, 0.6]] },
  /** It rings at the other's. */
  calling: { every_s: 4, vibrates: null, tones: [[425, 0, 1]] },
};

export class Bell {
  #audio = null;
  #timer = null;
  #rings = null;
  #wanted;

  /** `wanted()`: whether it may be heard. A browser allows no sound before the user has touched the page. */
  constructor(wanted) {
    this.#wanted = wanted;
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#wake());
  }

  /** Ring again and again for an `offer`, a `ring` or while `calling`; null: stop. */
  ring(what) {
    if (what === this.#rings) return;
    clearInterval(this.#timer);
    if (this.#rings) this.#vibrate(0);
    this.#rings = what;
    if (!what) return;
    this.#timer = setInterval(() => this.strike(what), STROKES[what].every_s * 1000);
    this.strike(what);
  }

  /** Once; `wanted` where it was asked for just now. */
  strike(what, { wanted = this.#wanted() } = {}) {
    if (!wanted) return;
    const { vibrates, tones } = STROKES[what];
    if (vibrates) this.#vibrate(vibrates);
    if (this.#audio?.state === "running") for (const tone of tones) this.#sound(...tone);
  }

  #wake() {
    if (!globalThis.AudioContext) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume();
  }

  #vibrate(pattern) {
    if (this.#audio) navigator.vibrate?.(pattern); // before a touch the browser refuses, with a line in the console
  }

  #sound(hz, after_s, length_s) {
    const [tone, loudness] = [this.#audio.createOscillator(), this.#audio.createGain()];
    const from = this.#audio.currentTime + after_s;
    tone.frequency.value = hz;
    loudness.gain.setValueAtTime(LOUDNESS, from);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + length_s);
    tone.connect(loudness).connect(this.#audio.destination);
    tone.start(from);
    tone.stop(from + length_s);
  }
}
