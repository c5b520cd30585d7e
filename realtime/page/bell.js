/** Rings while an offer waits: a sound and a vibration, as far as the browser allows. */

const EVERY_MS = 2_500;
const TONES = [
  { hz: 659, after_s: 0 },
  { hz: 880, after_s: 0.16 },
];
const LENGTH_S = 0.35;
const LOUDNESS = 0.12;

export class Bell {
  #audio = null;
  #timer = null;

  /** A browser allows no sound before the user has touched the page. */
  constructor() {
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#wake());
  }

  /** Ring again and again, or stop. */
  ring(rings) {
    if (rings === (this.#timer !== null)) return;
    clearInterval(this.#timer);
    this.#timer = rings ? setInterval(() => this.#strike(), EVERY_MS) : null;
    if (rings) this.#strike();
    else this.#vibrate(0);
  }

  #wake() {
    if (!globalThis.AudioContext) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume();
  }

  #strike() {
    this.#vibrate([180, 90, 180]);
    if (this.#audio?.state === "running") for (const tone of TONES) this.#sound(tone);
  }

  #vibrate(pattern) {
    if (this.#audio) navigator.vibrate?.(pattern); // before a touch the browser refuses, with a line in the console
  }

  #sound({ hz, after_s }) {
    const [tone, loudness] = [this.#audio.createOscillator(), this.#audio.createGain()];
    const from = this.#audio.currentTime + after_s;
    tone.frequency.value = hz;
    loudness.gain.setValueAtTime(LOUDNESS, from);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + LENGTH_S);
    tone.connect(loudness).connect(this.#audio.destination);
    tone.start(from);
    tone.stop(from + LENGTH_S);
  }
}
