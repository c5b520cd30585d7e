// Who is present, as others may see it. What is announced of a user says all (a status was chosen), or that all has to be
// read: then also who may still see them.
import { checkFields, isId } from "./rules.mjs";

const FRESH_MS = 1000; // for so long it counts what was read, unless there was news
const watching = { user_ids: (ids) => Array.isArray(ids) && ids.length <= 200 && ids.every(isId) };
const statuses = { status: (text) => ["online", "away", "invisible"].includes(text) };
const unseen = (user) => `{"user_id":"${user}","status":"offline","last_seen":null}`;

// A user who is watched here: by whom, what each was told last, and who of them may see what was read until when.
class Watched {
  told = new Map();
  allowed = new Set();
  shown = "";
  until = 0;
  news = 0;

  known(now) {
    return this.until > now;
  }

  keep(news, allowed, shown, until) {
    if (this.news === news) Object.assign(this, { allowed, shown, until });
  }

  tell(client, text) {
    if (this.told.get(client) === text || !this.told.has(client)) return;
    this.told.set(client, text);
    client.pass("", "", `"presence:changed",${text}`);
  }
}

export class Presence {
  constructor({ redis, sub, ask, settings }) {
    Object.assign(this, { redis, sub, ask, settings });
    this.watched = new Map();
    this.stale = new Set();
    this.looking = false;
    this.questions = [];
    this.asking = false;
  }

  async "presence:set"({ userId }, command) {
    checkFields(command, statuses);
    const now = new Date();
    await this.redis.choose(`pr:${userId}`, userId, command.status, now.getTime(), now.toISOString());
    return {};
  }

  async "presence:watch"(client, command) {
    checkFields(command, watching);
    const seen = await this.sees(client.userId, [...new Set(command.user_ids)]);
    const before = client.socket.data.watched;
    const again = seen.length === before.length && seen.every((user) => before.includes(user));
    if (!again) await this.follow(client, seen);
    const now = Date.now();
    const known = again && seen.every((user) => this.watched.get(user)?.known(now));
    if (!known) await Promise.all(seen.map((user) => this.learn(client, user, now)));
    const told = seen.map((user) => this.watched.get(user)?.told.get(client)); // who has gone is told nothing
    return { presences: told.filter(Boolean).map((text) => JSON.parse(text)) };
  }

  async learn(client, user, now) {
    const entry = this.watched.get(user);
    if (!entry) return;
    const { news } = entry;
    const shown = await this.read(user);
    if (!entry.told.has(client)) return;
    entry.keep(news, new Set([client.userId]), shown, now + FRESH_MS);
    entry.told.set(client, shown);
    if (entry.news !== news) this.look(user);
  }

  async follow(client, users) {
    for (const user of client.socket.data.watched) this.unwatch(client, user);
    client.socket.data.watched = users;
    const fresh = users.filter((user) => !this.watched.has(user));
    for (const user of fresh) this.watched.set(user, new Watched());
    for (const user of users) this.watched.get(user).told.set(client, unseen(user));
    if (fresh.length) await this.sub.subscribe(fresh.map((user) => `pr:${user}`));
  }

  unwatch(client, user) {
    const entry = this.watched.get(user);
    entry?.told.delete(client);
    if (entry?.told.size !== 0) return;
    this.watched.delete(user);
    this.sub.unsubscribe(`pr:${user}`);
  }

  // Who may see is asked for all who ask while the question before is under way.
  sees(one, others) {
    return new Promise((resolve, reject) => {
      this.questions.push({ one, others, resolve, reject });
      if (!this.asking) setImmediate(() => this.askAll());
      this.asking = true;
    });
  }

  async askAll() {
    while (this.questions.length) {
      const some = this.questions.splice(0, 20);
      const pairs = some.flatMap(({ one, others }) => others.map((other) => [one, other]));
      try {
        const rows = await this.ask("see_each_other", pairs.map(([one]) => one), pairs.map(([, other]) => other));
        const found = new Set(rows.map((row) => row.one + row.other));
        for (const { one, others, resolve } of some) resolve(others.filter((other) => found.has(one + other)));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.asking = false;
  }

  async read(user) {
    const [{ own = "online", seen, ...nodes }, call, ticket] = await Promise.all([
      this.redis.hgetall(`pr:${user}`),
      this.redis.exists(`in:${user}`),
      this.redis.exists(`ticket:${user}`),
    ]);
    const there = own !== "invisible" && Object.values(nodes).some((node) => this.settings.alive.has(node));
    const status = !there ? "offline" : call ? "in_call" : ticket ? "queuing" : own;
    return JSON.stringify({ user_id: user, status, last_seen: seen ? new Date(+seen).toISOString() : null });
  }

  hear(user, text) {
    const entry = this.watched.get(user);
    if (!entry) return;
    entry.news += 1;
    if (!text || !entry.known(Date.now())) return this.look(user);
    for (const client of entry.told.keys()) if (!entry.allowed.has(client.userId)) return this.look(user);
    entry.shown = text;
    for (const client of entry.told.keys()) entry.tell(client, text);
  }

  look(user) {
    const entry = this.watched.get(user);
    if (!entry) return;
    entry.until = 0;
    this.stale.add(user);
    if (!this.looking) this.lookAtAll();
  }

  lookAgain() {
    for (const user of this.watched.keys()) this.look(user);
  }

  async lookAtAll() {
    this.looking = true;
    while (this.stale.size) {
      const users = [...this.stale];
      this.stale.clear();
      try {
        await Promise.all(users.map((user) => this.lookAt(user)));
      } catch {
        for (const user of users) this.stale.add(user);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
    this.looking = false;
  }

  async lookAt(user) {
    const entry = this.watched.get(user);
    if (!entry) return;
    const { news } = entry;
    const until = Date.now() + FRESH_MS;
    const clients = [...entry.told.keys()];
    const shown = await this.read(user);
    const allowed = new Set(await this.sees(user, [...new Set(clients.map((client) => client.userId))]));
    entry.keep(news, allowed, shown, until);
    for (const client of clients) entry.tell(client, allowed.has(client.userId) ? shown : unseen(user));
  }
}
