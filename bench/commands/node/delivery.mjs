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
    this.lost = false;
  }

  take(id, device, body) {
    if (this.held) this.held.push([id, device, body]);
    else if (id === "") this.pass("", device, body);
    else if (later(id, this.last)) this.pass(id, device, body);
  }

  pass(id, device, body) {
    if (id) this.last = id;
    if (device !== "" && (device[0] === "!" ? device.slice(1) === this.device : device !== this.device)) return;
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
  constructor(redis, sub, node, presence) {
    this.redis = redis;
    this.sub = sub;
    this.presence = presence;
    this.canary = `canary:${node}`;
    this.unheard = 0;
    this.users = new Map();
    this.losses = 0;
    sub.on("message", (channel, text) => this.hear(channel, text));
    sub.on("close", () => this.hold());
    sub.on("ready", () => this.losses && this.catchUp().catch(() => sub.disconnect(true)));
  }

  // A connection that is dead though nobody said so is closed, and another one opened, by the client.
  async watchOver() {
    if (this.unheard >= 2) this.sub.disconnect(true);
    this.unheard += 1;
    await this.redis.publish(this.canary, "");
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
    if (channel === this.canary) return void (this.unheard = 0);
    if (channel.startsWith("pr:")) return this.presence.hear(channel.slice(3), text);
    const clients = this.users.get(channel.slice(3));
    if (!clients) return;
    const first = text.indexOf(" ");
    const second = text.indexOf(" ", first + 1);
    const id = text.slice(0, first);
    if (id === "revoked" || id === "banned") return this.revoke(clients, text.slice(first + 1), id);
    const device = text.slice(first + 1, second);
    const body = text.slice(second + 1);
    for (const client of clients) client.take(id, device, body);
  }

  revoke(clients, session, why) {
    for (const { socket } of clients) {
      if (session && socket.data.session !== session) continue;
      socket.emit("session:revoked", { code: why === "banned" ? why : "signed_out" });
      socket.disconnect(true);
    }
  }

  // The subscription is lost: what comes after it is passed on after what was missed.
  hold() {
    this.losses += 1;
    for (const client of this.clients())
      if (!client.held) [client.held, client.lost] = [[], true];
  }

  async catchUp() {
    const { losses } = this;
    // Answered after the subscriptions that the client has made again: from here on nothing is missed.
    await this.sub.subscribe(this.canary);
    const lost = [...this.clients()].filter((client) => client.lost);
    const read = (client) => this.redis.xrange(`ev:${client.userId}`, `(${client.last || "0-0"}`, "+");
    const missed = await Promise.all(lost.map(read));
    if (losses !== this.losses) return; // lost again: the next time
    this.presence.lookAgain();
    lost.forEach((client, i) => {
      client.lost = false;
      client.open(client.device, client.last, missed[i]);
    });
  }

  *clients() {
    for (const clients of this.users.values()) yield* clients;
  }
}
