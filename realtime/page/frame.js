/**
 * What the user has seen of the other last, so that it can be shown to a moderator. It stays in the memory of this
 * page, is gone with the call, and is sent only if the user reports the other and wants it sent.
 */

const EVERY_MS = 1_000;
const WIDEST = 1280;

export class Frame {
  #call = null;
  #canvas = null;
  #taken = 0;

  /** The user looks at this video in this call: remember it, once a second. */
  look(callId, video, now) {
    if (!video.videoWidth || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (this.#call === callId && now - this.#taken < EVERY_MS) return;
    const scale = Math.min(1, WIDEST / video.videoWidth);
    this.#canvas ??= document.createElement("canvas");
    this.#canvas.width = Math.round(video.videoWidth * scale);
    this.#canvas.height = Math.round(video.videoHeight * scale);
    this.#canvas.getContext("2d").drawImage(video, 0, 0, this.#canvas.width, this.#canvas.height);
    [this.#call, this.#taken] = [callId, now];
  }

  /** Forget what is of none of these calls. */
  keep(callIds) {
    if (this.#call !== null && !callIds.includes(this.#call)) [this.#call, this.#canvas] = [null, null];
  }

  /** What was seen last in this call, as a JPEG; null if nothing was. */
  async of(callId) {
    if (this.#call !== callId || !this.#canvas) return null;
    return new Promise((given) => this.#canvas.toBlob(given, "image/jpeg", 0.85));
  }
}
