// Events on their way to the clients of this node: every user's stream, announced on a channel of the same name, is
// passed on in order and without repeats. A subscription loses nothing while it lasts; when it is back, the streams
// are read from where each client was.

// A packet of Socket.IO, written as it is: nobody parses an event that is only passed on.
const encoded = (body, offset) => (offset ? `2[${body},"${offset}"]` : `2[${body}]`);
const MOST_WAITING = 1000;

function later(one, other) {
  const [ms, seq] = one.split("-");
  const [otherMs, otherSeq] = other.split("-");
  return +ms > +otherMs || (+ms === +otherMs && +seq > +otherSeq);
}

// One connection of a user: `held` keeps what comes while its stream is read.
export class Client {
  constructor(socket, userId, mark) {
    this.socket = socket;
    this.userId = userId;
    this.mark = mark;
    this.device = "";
    this.last = "";
    this.held = [];
  }

  take(id, device, body) {
    if (this.held) this.held.push([id, device, body]);
    else if (id === "") this.pass("", device, body);
    else if (later(id, this.last)) this.pass(id, device, body);
  }

  pass(id, device, body) {
    if (id) this.last = id;
    if (device !== "" && device !== this.device) return;
    const { conn } = this.socket;
    if (conn.writeBuffer.length > MOST_WAITING) conn.close();
    else conn.write(encoded(body, id && `${id}.${this.mark}`));
  }

  // Everything up to `last` is with the client; `missed` came after it.
  open(device, last, missed) {
    this.device = device;
    this.last = last;
    for (const [id, fields] of missed) this.pass(id, fields[1], fields[3]);
    const { held } = this;
    this.held = null;
    for (const [id, to, body] of held) this.take(id, to, body);
  }
}

export class Delivery {
  constructor(redis, sub) {
    this.redis = redis;
    this.sub = sub;
    this.users = new Map();
    this.watchers = new Map();
    let lost = false;
    sub.on("message", (channel, text) => this.hear(channel, text));
    sub.on("close", () => (lost = true));
    sub.on("ready", () => lost && setTimeout(() => this.catchUp(), 10));
  }

  async join(client) {
    let held = this.users.get(client.userId);
    if (held) held.add(client);
    else this.users.set(client.userId, (held = new Set([client])));
    await this.sub.subscribe(`ev:${client.userId}`);
  }

  async leave(client) {
    const held = this.users.get(client.userId);
    held?.delete(client);
    if (held?.size !== 0) return;
    this.users.delete(client.userId);
    await this.sub.unsubscribe(`ev:${client.userId}`);
  }

  hear(channel, text) {
    const clients = this.users.get(channel.slice(3));
    if (channel.startsWith("pr:")) return this.tellWatchers(channel.slice(3), text);
    if (!clients) return;
    const first = text.indexOf(" ");
    const second = text.indexOf(" ", first + 1);
    const id = text.slice(0, first);
    if (id === "revoked") return this.revoke(clients, text.slice(first + 1));
    const device = text.slice(first + 1, second);
    const body = text.slice(second + 1);
    for (const client of clients) client.take(id, device, body);
  }

  revoke(clients, session) {
    for (const { socket } of clients) {
      if (session && socket.data.session !== session) continue;
      socket.emit("session:revoked", { code: "signed_out" });
      socket.disconnect(true);
    }
  }

  async catchUp() {
    for (const clients of this.users.values())
      for (const client of clients) {
        if (client.held) continue;
        client.held = [];
        const missed = await this.redis.xrange(`ev:${client.userId}`, `(${client.last || "0-0"}`, "+");
        client.open(client.device, client.last, missed);
      }
  }

  async watch(client, users) {
    for (const user of client.socket.data.watched) this.unwatch(client, user);
    client.socket.data.watched = users;
    const fresh = users.filter((user) => !this.watchers.has(user));
    for (const user of users) this.watchers.set(user, (this.watchers.get(user) ?? new Set()).add(client));
    if (fresh.length) await this.sub.subscribe(fresh.map((user) => `pr:${user}`));
  }

  unwatch(client, user) {
    const watching = this.watchers.get(user);
    watching?.delete(client);
    if (watching?.size !== 0) return;
    this.watchers.delete(user);
    this.sub.unsubscribe(`pr:${user}`);
  }

  tellWatchers(user, text) {
    for (const client of this.watchers.get(user) ?? []) client.pass("", "", `"presence:changed",${text}`);
  }
}
