/**
 * One peer connection: one epoch of one call. A restart makes a new one.
 *
 * The offerer alone makes offers; the answerer adds its tracks when the offer has arrived. Two offers that cross can
 * hang a browser for good.
 */

const LOOK_MS = 100;

export class Peer {
  #pc;
  #stream;
  #tell;
  #signals = Promise.resolve();
  #early = [];
  #closed = false;

  /**
   * `send(signal)` brings `{description}` or `{candidate}` to the other side; `onTrack(stream)`; `onFlowing(path)`
   * once, when the other's media arrives; `onFailed()` once, when the network has failed.
   */
  constructor({ iceServers, iceTransportPolicy, stream, send, onTrack, onFlowing, onFailed }) {
    this.#stream = stream;
    this.#tell = { send, onTrack, onFlowing, onFailed };
    this.#pc = new RTCPeerConnection({ iceServers, iceTransportPolicy });
    this.#pc.addEventListener("icecandidate", ({ candidate }) => this.#found(candidate));
    this.#pc.addEventListener("track", ({ streams: [remote] }) => remote && onTrack(remote));
    this.#pc.addEventListener("connectionstatechange", () => this.#changed());
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

  /** Send another track in the place of the camera's, without a new offer. */
  replaceVideo(track) {
    return this.#inOrder(() => this.#pc.getSenders().find((sender) => sender.track?.kind === "video")?.replaceTrack(track));
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
      const report = [...(await this.#pc.getStats()).values()];
      if (report.some((entry) => entry.type === "inbound-rtp" && entry.bytesReceived > 0)) return onFlowing(pathOf(report));
      await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
  }
}

/** The path that the media takes, `{local, remote, protocol}`, such as `host`, `srflx`, `udp`; undefined if unknown. */
function pathOf(report) {
  const byId = new Map(report.map((entry) => [entry.id, entry]));
  const chosen = report.find((entry) => entry.type === "transport" && entry.selectedCandidatePairId);
  const pair =
    byId.get(chosen?.selectedCandidatePairId) ??
    report.find((entry) => entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded");
  const [local, remote] = [byId.get(pair?.localCandidateId), byId.get(pair?.remoteCandidateId)];
  if (!local || !remote) return undefined;
  return { local: local.candidateType, remote: remote.candidateType, protocol: local.relayProtocol ?? local.protocol };
}
