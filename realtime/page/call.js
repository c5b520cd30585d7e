/**
 * The media of one call, through its epochs: each `call:started` makes a new peer and closes the old one, signals of
 * another epoch are dropped, and after a failure of the network the call is restarted, each time later.
 */

import { Outbox } from "./outbox.js";
import { Peer } from "./peer.js";

const BRAKE_MS = [1_000, 2_000, 4_000];

export class Call {
  #session;
  #media;
  #onRemote;
  #peer = null;
  #outbox;
  #started = null;
  #failures = 0;
  #timer = null;

  /** `onRemote(stream)` gets what the other sends; null at the end. */
  constructor({ session, media, onRemote }) {
    this.#session = session;
    this.#media = media;
    this.#onRemote = onRemote;
    this.#outbox = new Outbox((signal) => session.command("call:signal", signal, { patient: false }));
  }

  get id() {
    return this.#started?.call_id ?? null;
  }

  /** Which of its connections this is, for `call:quality`. */
  get epoch() {
    return this.#started?.epoch ?? null;
  }

  /** The browser's statistics of the current peer connection; null without one. */
  stats() {
    return this.#peer?.stats() ?? null;
  }

  /** `call:started`: the first epoch, or the next one. */
  start(started) {
    if (this.#started?.call_id === started.call_id && started.epoch <= this.#started.epoch) return;
    if (this.#started?.call_id !== started.call_id) this.#failures = 0;
    this.#drop();
    this.#started = started;
    this.#peer = this.#newPeer(started);
    if (started.role === "offerer") this.#peer.offer();
  }

  /** `call:signal` from the other side. */
  receive({ call_id, epoch, ...signal }) {
    if (call_id === this.id && epoch === this.#started.epoch) this.#peer.receive(signal);
  }

  /**
   * The connection to the server is back, and `call` is what the server knows. Our media may have flowed all the
   * time; a page that was reloaded, or missed an epoch that is not replayed, restarts the call.
   */
  resume(call, { recovered }) {
    const same = this.id === call.call_id;
    if (same && this.#started.epoch === call.epoch) this.#outbox.flush();
    else if (!(same && recovered)) return this.restart(call);
    return Promise.resolve();
  }

  restart({ call_id, epoch }) {
    return this.#session.command("call:restart", { call_id, epoch });
  }

  /** The user's own camera or microphone is on another track now. */
  send(track) {
    this.#peer?.replace(track);
  }

  /** Media flows both ways: failures are counted from zero again. */
  settled() {
    this.#failures = 0;
  }

  end() {
    this.#drop();
    this.#started = null;
    this.#onRemote(null);
  }

  #newPeer(started) {
    const { call_id, epoch } = started;
    return new Peer({
      iceServers: started.ice_servers,
      iceTransportPolicy: started.ice_transport_policy,
      stream: this.#media.stream,
      send: (signal) => this.#outbox.put({ call_id, epoch, ...signal }),
      onTrack: (stream) => this.#onRemote(stream),
      onFlowing: (path) => this.#session.command("call:connected", { call_id, epoch, ...(path && { path }) }).catch(ignore),
      onFailed: () => this.#failed(),
      onRelay: (problem) => this.#session.mention("call:quality", { call_id, epoch, problem }),
    });
  }

  /** Only the offerer restarts the call, after 1, 2 and 4 s; after that the server's own timer ends it. */
  #failed() {
    const wait = BRAKE_MS[this.#failures++];
    if (this.#started.role !== "offerer" || wait === undefined) return;
    this.#timer = setTimeout(() => this.restart(this.#started).catch(ignore), wait);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#outbox.clear();
    this.#peer?.close();
    this.#peer = null;
  }
}

/** Failures are ignored: an event of the server says what has become of the call. */
function ignore() {}
