/**
 * One peer connection: one epoch of one call. A restart makes a new one.
 *
 * The offerer alone makes offers; the answerer adds its tracks when the offer has arrived. Two offers that cross can
 * hang a browser for good.
 */

import { pathOf } from "./quality.js";

const LOOK_MS = 100;
/** Of `icecandidateerror`: the server could not be reached. Others are what it said. */
const NO_ANSWER = 701;

export class Peer {
  #pc;
  #stream;
  #tell;
  #signals = Promise.resolve();
  #early = [];
  #closed = false;

  /**
   * `send(signal)` brings `{description}` or `{candidate}` to the other side; `onTrack(stream)`; `onFlowing(path)`
   * once, when the other's media arrives; `onFailed()` once, when the network has failed; `onRelay(trouble)` once, when a relay refuses
   * (`relay_refused`) or does not answer (`relay_silent`).
   */
  constructor({ iceServers, iceTransportPolicy, stream, send, onTrack, onFlowing, onFailed, onRelay }) {
    this.#stream = stream;
    this.#tell = { send, onTrack, onFlowing, onFailed, onRelay };
    this.#pc = new RTCPeerConnection({ iceServers, iceTransportPolicy });
    this.#pc.addEventListener("icecandidate", ({ candidate }) => this.#found(candidate));
    const loose = new MediaStream(); // what names no stream of its own
    this.#pc.addEventListener("track", ({ track, streams: [remote] }) => {
      if (!remote) loose.addTrack(track);
      onTrack(remote ?? loose);
    });
    this.#pc.addEventListener("connectionstatechange", () => this.#changed());
    this.#pc.addEventListener("icecandidateerror", (error) => this.#relayFailed(error));
  }

  /** The browser's own statistics, for tests and debugging. */
  stats() {
    return this.#pc.getStats();
  }

  offer() {
    return this.#inOrder(async () => {
      this.#addTracks();
      await this.#describe(await this.#pc.createOffer());
    });
  }

  /** Apply a description or candidate of the other side. A repeated one is dropped. */
  receive({ description, candidate }) {
    return this.#inOrder(async () => {
      if (description) await this.#accept(description);
      else if (this.#pc.remoteDescription) await this.#pc.addIceCandidate(candidate ?? undefined);
      else this.#early.push(candidate);
    });
  }

  /** Send another track in the place of the one of its kind, without a new offer. */
  replace(track) {
    return this.#inOrder(() => this.#pc.getSenders().find((sender) => sender.track?.kind === track.kind)?.replaceTrack(track));
  }

  close() {
    this.#closed = true;
    this.#pc.close();
  }

  async #accept(description) {
    if (this.#pc.remoteDescription?.sdp === description.sdp) return;
    await this.#pc.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await this.#pc.addIceCandidate(candidate ?? undefined);
    if (description.type !== "offer") return;
    this.#addTracks();
    await this.#describe(await this.#pc.createAnswer());
  }

  async #describe(description) {
    await this.#pc.setLocalDescription(description);
    this.#tell.send({ description: { type: description.type, sdp: description.sdp } });
  }

  #addTracks() {
    const sending = new Set(this.#pc.getSenders().map((sender) => sender.track));
    for (const track of this.#stream.getTracks()) {
      if (!sending.has(track)) this.#pc.addTrack(track, this.#stream);
    }
  }

  /** One step at a time: a candidate must not be applied before the offer that it follows. */
  #inOrder(step) {
    this.#signals = this.#signals.then(async () => {
      if (this.#closed) return;
      try {
        await step();
      } catch (error) {
        if (!this.#closed) console.warn("A signal could not be used:", error);
      }
    });
    return this.#signals;
  }

  #found(candidate) {
    if (candidate?.candidate === "") return; // the end of one component; the end of all of them is null
    this.#tell.send({ candidate: candidate && candidate.toJSON() });
  }

  #changed() {
    if (this.#pc.connectionState === "connected") this.#watchForMedia();
    if (this.#pc.connectionState === "failed" && !this.#closed) this.#fail();
  }

  #relayFailed({ url, errorCode }) {
    if (!/^turns?:/.test(url ?? "")) return;
    const { onRelay } = this.#tell;
    this.#tell.onRelay = () => {};
    onRelay(errorCode === NO_ANSWER ? "relay_silent" : "relay_refused");
  }

  /** Only once, however often the browser reports the same failure. */
  #fail() {
    const { onFailed } = this.#tell;
    this.#tell.onFailed = () => {};
    onFailed();
  }

  async #watchForMedia() {
    const { onFlowing } = this.#tell;
    this.#tell.onFlowing = () => {};
    while (!this.#closed) {
      const report = await this.#pc.getStats();
      if ([...report.values()].some((entry) => entry.type === "inbound-rtp" && entry.bytesReceived > 0)) return onFlowing(pathOf(report));
      await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
  }
}
