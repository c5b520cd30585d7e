/** The user's own microphone and camera, and every way in which a browser may refuse them. */

import { anyOf, wanted } from "./devices.js";

const REFUSALS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** `problem` is one of `unsupported refused missing busy failed`, or `closed` by ourselves. */
class MediaError extends Error {
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/** What this browser lacks for a call, or null. Cameras need https or localhost. */
export function lacking() {
  if (!globalThis.RTCPeerConnection) return "calls";
  return navigator.mediaDevices?.getUserMedia ? null : "media";
}

/** Whether permission was given before, so that opening does not ask the user. */
export async function allowed(mode) {
  const names = mode === "video" ? ["camera", "microphone"] : ["microphone"];
  try {
    const answers = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    return answers.every(({ state }) => state === "granted");
  } catch {
    return false; // not every browser can tell
  }
}

export class Media {
  stream = null;
  mode = null;
  #asking = null;
  #dark = false;
  #choice;
  #onEnded;
  #onTrack;

  /**
   * `choice()` says which devices are wanted (`devices.js`); `onEnded(kind)` when a device is unplugged or its permission taken back while
   * it is in use; `onTrack(track)` when another track takes the place of one: of another device, or the camera is on again.
   */
  constructor({ choice, onEnded, onTrack }) {
    this.#choice = choice;
    this.#onEnded = onEnded;
    this.#onTrack = onTrack;
  }

  /** Whether everything that the mode needs is open; a camera that was switched off is closed on purpose. */
  get live() {
    const tracks = this.stream?.getTracks() ?? [];
    return tracks.length > 0 && tracks.every((track) => track.readyState === "live" || (track.kind === "video" && this.#dark));
  }

  /** Open what the mode needs. Devices that are open, or being asked for, are kept. Throws `MediaError`. */
  async open(mode) {
    if (this.mode === mode && this.live) return this.stream;
    if (this.#asking?.mode === mode) return this.#asking.stream;
    this.close();
    if (lacking()) throw new MediaError("unsupported");
    const asking = { mode };
    this.#asking = asking;
    asking.stream = this.#adopt(asking);
    return asking.stream;
  }

  async #adopt(asking) {
    try {
      const stream = await this.#ask(asking.mode === "video" ? ["audio", "video"] : ["audio"]);
      if (this.#asking !== asking) {
        stop(stream);
        throw new MediaError("closed"); // or opened in another mode, while the browser was asking
      }
      for (const track of stream.getTracks()) this.#watch(track);
      this.stream = stream;
      this.mode = asking.mode;
      this.#dark = false;
      return stream;
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  /**
   * Switch what is sent. A muted microphone stays open, because it has to be back at once. A camera that is switched
   * off is closed, so that its light goes out, and opened again later; so is what was unplugged. Throws `MediaError`, with its `kind`, if
   * that fails.
   */
  async enable({ audio, video }) {
    const [microphone] = this.stream?.getAudioTracks() ?? [];
    if (microphone) microphone.enabled = audio;
    if (audio && microphone?.readyState === "ended") await this.#again("audio");
    const [camera] = this.stream?.getVideoTracks() ?? [];
    if (!camera) return;
    const wasDark = this.#dark;
    this.#dark = !video;
    if (!video) camera.stop();
    else if (wasDark) await this.#again("video");
  }

  async #again(kind) {
    try {
      await this.#open(kind, this.stream);
    } catch (error) {
      this.#dark ||= kind === "video";
      throw Object.assign(error, { kind });
    }
  }

  /**
   * Another device was chosen: use it now, if this kind (`audio` or `video`) is in use. A phone opens no second camera beside the first,
   * so that is closed before. Throws `MediaError`.
   */
  async reopen(kind) {
    const old = this.stream?.getTracks().find((track) => track.kind === kind);
    if (!old || (kind === "video" && this.#dark)) return;
    old.stop();
    await this.#open(kind, this.stream, old.enabled);
  }

  /** Open a device, and put its track in the place of the one that was stopped. */
  async #open(kind, stream, enabled = true) {
    const [fresh] = (await this.#ask([kind])).getTracks();
    if (this.stream !== stream || (kind === "video" && this.#dark)) return fresh.stop(); // closed, or off again, meanwhile
    fresh.enabled = enabled;
    for (const old of stream.getTracks().filter((track) => track.kind === kind)) {
      old.stop(); // it may be the one of a choice before
      stream.removeTrack(old);
    }
    stream.addTrack(fresh);
    this.#watch(fresh);
    this.#onTrack(fresh);
  }

  /** Those that were chosen, or where one is not there any that will do. */
  async #ask(kinds) {
    const as = (choice) => Object.fromEntries(kinds.map((kind) => [kind, wanted(kind, choice)]));
    const choice = this.#choice();
    try {
      return await ask(as(choice));
    } catch (error) {
      if (error.problem !== "missing" || !kinds.some((kind) => choice[kind])) throw error;
      return ask(as(anyOf(choice)));
    }
  }

  #watch(track) {
    track.addEventListener("ended", () => {
      if (track.kind === "video" && this.stream?.getVideoTracks().includes(track)) this.#dark = true; // as if it had been switched off
      this.#onEnded(track.kind);
    });
  }

  close() {
    this.#asking = null;
    if (this.stream) stop(this.stream);
    this.stream = null;
    this.mode = null;
  }
}

async function ask(wanted) {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw new MediaError(REFUSALS[error.name] ?? "failed");
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}
