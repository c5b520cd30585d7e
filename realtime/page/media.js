/** The user's own microphone and camera, and every way in which a browser may refuse them. */

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
  #onEnded;
  #onCamera;

  /**
   * `onEnded(kind)` when a device is unplugged or its permission taken back while it is in use; `onCamera(track)`
   * when the camera, which had been switched off, is back on another track.
   */
  constructor({ onEnded, onCamera }) {
    this.#onEnded = onEnded;
    this.#onCamera = onCamera;
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
      const stream = await ask({ audio: AUDIO, video: asking.mode === "video" && VIDEO });
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
   * off is closed, so that its light goes out, and opened again later. Throws `MediaError` if that fails.
   */
  async enable({ audio, video }) {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = audio;
    const [camera] = this.stream?.getVideoTracks() ?? [];
    if (!camera) return;
    const wasDark = this.#dark;
    this.#dark = !video;
    if (!video) camera.stop();
    else if (wasDark) await this.#lighten(this.stream);
  }

  /** Open the camera again, and put its track in the place of the one that was stopped. */
  async #lighten(stream) {
    const [fresh] = (await ask({ video: VIDEO })).getVideoTracks();
    if (this.stream !== stream || this.#dark) return fresh.stop(); // closed, or off again, meanwhile
    for (const old of stream.getVideoTracks()) stream.removeTrack(old);
    stream.addTrack(fresh);
    this.#watch(fresh);
    this.#onCamera(fresh);
  }

  #watch(track) {
    track.addEventListener("ended", () => this.#onEnded(track.kind));
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
