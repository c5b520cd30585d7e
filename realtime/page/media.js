/** One's own microphone and camera, and every way in which a browser may refuse them. */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };

const REFUSALS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** `problem` is one of `unsupported refused missing busy failed`. */
export class MediaError extends Error {
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

/** Whether the browser has been allowed before, so that opening asks nobody. */
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
  #onEnded;

  /** `onEnded(kind)` when a device is unplugged or its permission taken back while it is in use. */
  constructor({ onEnded }) {
    this.#onEnded = onEnded;
  }

  get live() {
    return this.stream?.getTracks().every((track) => track.readyState === "live") ?? false;
  }

  /** Open what the mode needs; what is open, or being asked for, stays. Throws `MediaError`. */
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
      const stream = await ask(asking.mode);
      if (this.#asking !== asking) {
        stop(stream);
        throw new MediaError("failed"); // closed, or opened in another mode, while the browser was asking
      }
      for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#onEnded(track.kind));
      this.stream = stream;
      this.mode = asking.mode;
      return stream;
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  /** Switch what is sent, without asking the browser again. */
  enable({ audio, video }) {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = audio;
    for (const track of this.stream?.getVideoTracks() ?? []) track.enabled = video;
  }

  close() {
    this.#asking = null;
    if (this.stream) stop(this.stream);
    this.stream = null;
    this.mode = null;
  }
}

async function ask(mode) {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: AUDIO, video: mode === "video" ? VIDEO : false });
  } catch (error) {
    throw new MediaError(REFUSALS[error.name] ?? "failed");
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}
