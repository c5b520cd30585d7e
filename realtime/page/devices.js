/**
 * Which microphone, camera and speaker the user has chosen: kept in localStorage, because they are this machine's. Whether the page may
 * ring is kept there too.
 *
 * What was chosen is demanded first, because browsers take a mere wish lightly, and where it is not plugged in they take another one.
 */

const KEPT = "realtime-connect.devices";
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 } };

/** What the browser is asked for: a `choice` is `{audio?, video?, facing?}`, ids of devices and the side on which a phone's camera is. */
export function wanted(kind, { audio = null, video = null, facing = "user" }) {
  if (kind === "audio") return { ...AUDIO, ...(audio && { deviceId: { exact: audio } }) };
  return { ...VIDEO, ...(video ? { deviceId: { exact: video } } : { facingMode: facing }) };
}

/** The same choice without what may not be there. */
export function anyOf({ facing }) {
  return { facing };
}

/** The camera to switch to: a phone's other side, whatever it has there; else the next one in the list. Gives what is to be chosen. */
export function otherCamera({ choice, cameras, current, phone }) {
  if (phone) return { video: null, facing: choice.facing === "environment" ? "user" : "environment" };
  const at = cameras.findIndex(({ deviceId }) => deviceId === current);
  return { video: cameras[(at + 1) % cameras.length].deviceId };
}

export class Devices {
  #storage;

  constructor(storage = localStorage) {
    this.#storage = storage;
  }

  /** `{audio, video, facing, speaker, rings}`, as far as something was chosen. */
  get choice() {
    return { facing: "user", rings: true, ...JSON.parse(this.#storage.getItem(KEPT)) };
  }

  choose(changes) {
    this.#storage.setItem(KEPT, JSON.stringify({ ...this.choice, ...changes }));
  }

  /** What there is, by its kind: `{audio, video, speaker}`. Without permission a browser gives neither names nor ids. */
  async there() {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const of = (kind) => all.filter((device) => device.kind === kind && device.deviceId);
    return { audio: of("audioinput"), video: of("videoinput"), speaker: of("audiooutput") };
  }
}
