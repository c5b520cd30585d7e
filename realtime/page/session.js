/**
 * The Socket.IO connection: it reconnects by itself, keeps its token fresh, and turns commands into promises.
 *
 * The official client remembers `pid` and the last offset, so that the server replays what was missed. Whether that
 * worked or not, `session:ready` comes first after every connect and says where everything stands.
 */

/** Where the official client is, which is loaded when somebody is signed in (`realtime/bundle.py`). */
const CLIENT = "/page/socket.js";
const ATTEMPT_MS = 5_000;
const WITHIN_MS = 15_000;
const PAUSE_MS = 1_000;
const REFRESH_AHEAD_MS = 60_000;
const FINAL = new Set(["signed_out", "banned", "replaced"]);
const PASSING = new Set(["unavailable", "rate_limited"]);
const OFFLINE = { code: "offline", message: "The server cannot be reached." };

/** The error that answered a command, or `offline` if no answer came in time. */
class CommandError extends Error {
  constructor({ code, message = "", details = {}, retry_after_ms = null }) {
    super(message);
    this.code = code;
    this.details = details;
    this.retryAfterMs = retry_after_ms;
  }

  /** Whether it is a cool-down: sending the command again would not help. */
  get coolDown() {
    return this.details.reason === "cool_down";
  }
}

export class Session {
  #api;
  #deviceId;
  #tell;
  #socket = null;
  #started = 0;
  #ready;
  #refreshTimer = null;
  #againTimer = null;

  /**
   * `onEvent(name, data)` for every event of the server, `onLink("online" | "away")`, and
   * `onEnd(code)` when this session is over for good.
   */
  constructor({ api, deviceId, onEvent, onLink, onEnd }) {
    this.#api = api;
    this.#deviceId = deviceId;
    this.#tell = { onEvent, onLink, onEnd };
    this.#expect();
  }

  get ready() {
    return this.#ready.done;
  }

  /** Begin to load what `start` needs. */
  prepare() {
    import(CLIENT).catch(() => {}); // `start` tries again
  }

  start() {
    this.stop();
    this.#open(this.#started);
  }

  stop() {
    this.#started += 1;
    this.#expect();
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#againTimer);
    this.#socket?.off();
    this.#socket?.offAny();
    this.#socket?.disconnect();
    this.#socket = null;
  }

  /**
   * Send a command and give its `data`. Throws `CommandError`.
   *
   * It is sent again if the answer is lost: the server carries it out once and repeats the first answer. With
   * `patient: false` a lost connection is an error at once, for callers that send again themselves.
   */
  async command(name, payload = {}, { within = WITHIN_MS, patient = true } = {}) {
    const deadline = Date.now() + within;
    for (;;) {
      if (!patient && !this.ready) throw new CommandError(OFFLINE);
      await this.#untilReady(deadline);
      const answer = await this.#attempt(name, payload, deadline);
      if (answer?.ok) return answer.data;
      const error = new CommandError(answer?.error ?? OFFLINE);
      const pause = answer ? (error.retryAfterMs ?? PAUSE_MS) : 0;
      const again = answer ? PASSING.has(error.code) && !error.coolDown : patient;
      if (!again || Date.now() + pause >= deadline) throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }

  /** Send something that only matters now: it is neither kept nor repeated. */
  mention(name, payload) {
    if (this.ready) this.#socket.emit(name, payload, () => {});
  }

  /** A browser keeps what has failed under its name, so that is asked for by another one. */
  async #open(turn) {
    for (let failed = 0; turn === this.#started; failed += 1) {
      const client = await import(failed ? `${CLIENT}?${failed}` : CLIENT).catch(() => null);
      if (turn !== this.#started) return;
      if (client) return this.#connect(client.io);
      this.#tell.onLink("away");
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }

  #connect(io) {
    const socket = io({
      autoConnect: false,
      forceNew: true,
      // WebSocket first: it needs no sticky sessions at a load balancer. Polling if nothing else passes.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 4_000,
      auth: (done) => this.#authorise(done),
    });
    socket.onAny((name, data) => this.#event(name, data));
    socket.on("disconnect", (reason) => this.#lost(reason));
    socket.on("connect_error", (error) => this.#refused(error));
    this.#socket = socket;
    socket.connect();
  }

  async #attempt(name, payload, deadline) {
    const left = Math.max(1, Math.min(ATTEMPT_MS, deadline - Date.now()));
    try {
      return await this.#socket.timeout(left).emitWithAck(name, payload);
    } catch {
      return null; // no answer in time, or the connection went away
    }
  }

  async #untilReady(deadline) {
    if (this.ready) return;
    let timer;
    const late = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new CommandError(OFFLINE)), Math.max(0, deadline - Date.now()));
    });
    await Promise.race([this.#ready.promise, late]).finally(() => clearTimeout(timer));
  }

  #expect() {
    let open;
    const promise = new Promise((resolve) => (open = resolve));
    this.#ready = { promise, done: false, open };
  }

  async #authorise(done) {
    const socket = this.#socket;
    try {
      done({ token: await this.#api.freshToken(), device_id: this.#deviceId });
    } catch (error) {
      socket?.disconnect();
      if (socket !== this.#socket) return;
      if (error.endsSession) this.#over(error.code);
      else this.#again(error.retryAfterMs ?? PAUSE_MS);
    }
  }

  #event(name, data) {
    if (name === "session:ready") this.#arrived(data);
    if (name === "session:revoked" && FINAL.has(data.code)) this.#over(data.code);
    else this.#tell.onEvent(name, data);
  }

  #arrived(data) {
    this.#keepFresh(data.token_expires_at, data.server_time);
    this.#ready.done = true;
    this.#ready.open();
    this.#tell.onLink("online");
  }

  #lost(reason) {
    clearTimeout(this.#refreshTimer);
    this.#expect();
    this.#tell.onLink("away");
    // The server's DISCONNECT ends the official client's own reconnection: here it means an expired token.
    if (reason === "io server disconnect") this.#again(0);
  }

  /** The client retries a failed transport by itself; a refusal by the server has to be handled here. */
  #refused(error) {
    this.#tell.onLink("away");
    const code = error.data?.code;
    if (!code) return;
    if (code === "banned") this.#over(code);
    else if (code === "token_expired" || code === "unauthenticated") this.#renew(() => this.#again(PAUSE_MS));
    else this.#again(error.data.retry_after_ms ?? PAUSE_MS);
  }

  #again(delayMs) {
    clearTimeout(this.#againTimer);
    this.#againTimer = setTimeout(() => this.#socket?.connect(), delayMs);
  }

  #over(code) {
    this.stop();
    this.#tell.onEnd(code);
  }

  /** Send a fresh token a minute before the old one expires; for a short-lived one, in its last third. */
  #keepFresh(expiresAt, serverTime) {
    clearTimeout(this.#refreshTimer);
    const left = Date.parse(expiresAt) - Date.parse(serverTime);
    this.#refreshTimer = setTimeout(() => this.#bringToken(), Math.max(left - REFRESH_AHEAD_MS, (left * 2) / 3, 0));
  }

  #bringToken() {
    return this.#renew(async ({ access_token, expires_in_s }) => {
      const { expires_at } = await this.command("session:refresh", { token: access_token });
      this.#keepFresh(expires_at, new Date(Date.parse(expires_at) - expires_in_s * 1000).toISOString());
    });
  }

  async #renew(then) {
    const socket = this.#socket;
    try {
      const signedIn = await this.#api.refresh();
      if (socket === this.#socket) await then(signedIn);
    } catch (error) {
      if (socket !== this.#socket) return;
      if (error.endsSession) this.#over(error.code);
      else if (!this.ready) this.#again(PAUSE_MS);
      else this.#refreshTimer = setTimeout(() => this.#bringToken(), PAUSE_MS * 5);
    }
  }
}
