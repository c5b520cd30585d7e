/** Somebody on the official Socket.IO client: sends commands, keeps every event with its offset in order. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { io } from "socket.io-client";

const WAIT_MS = 60_000;
const PASSWORD = "correct horse battery";

async function post(address, path, body) {
  const response = await fetch(address + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export class Person {
  heard = [];
  #read = 0;
  #waiting = [];

  constructor(address, account) {
    this.address = address;
    this.account = account;
  }

  static async register(address, name, gender) {
    const username = `${name.toLowerCase()}-${randomBytes(4).toString("hex")}`;
    const { status, body } = await post(address, "/v1/auth/register", {
      email: `${username}@example.com`,
      username,
      password: PASSWORD,
      display_name: name,
      birth_date: "1995-04-03",
      gender,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return new Person(address, body);
  }

  /** Connect over some transports and give `session:ready`, the first event. */
  async connect(transports, options = {}) {
    const auth = { token: this.account.access_token, device_id: this.account.user.username };
    this.socket = io(this.address, { transports, auth, forceNew: true, reconnectionDelay: 50, ...options });
    this.socket.onAny((name, data, ...rest) => this.#hear({ name, data, rest }));
    return (await this.next("session:ready")).data;
  }

  disconnect() {
    this.socket?.disconnect();
  }

  /** A command that is acknowledged with ok; gives its data. */
  async ask(name, payload = {}) {
    const answer = await this.socket.timeout(WAIT_MS).emitWithAck(name, payload);
    assert.equal(answer.ok, true, `${name}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  /** A command that is refused; gives the code. */
  async refused(name, payload = {}) {
    const answer = await this.socket.timeout(WAIT_MS).emitWithAck(name, payload);
    assert.equal(answer.ok, false, `${name}: ${JSON.stringify(answer)}`);
    assert.equal(typeof answer.error.message, "string");
    return answer.error.code;
  }

  /** The next event of a name that was not asked for before. */
  async next(name) {
    const find = () => {
      const at = this.heard.findIndex((event, index) => index >= this.#read && event.name === name);
      if (at >= 0) this.#read = at + 1;
      return this.heard[at];
    };
    const late = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const found = find();
      if (found) return found;
      await new Promise((resolve, reject) => {
        this.#waiting.push(resolve);
        late.addEventListener("abort", () => reject(new Error(`${name} did not come: ${this.names()}`)), { once: true });
      });
    }
  }

  /** Names of the events heard so far, without those that come and go with time. */
  names() {
    return this.heard.map((event) => event.name).filter((name) => name !== "queue:updated");
  }

  #hear(event) {
    this.heard.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
