// What clients may ask for. Each handler gets the client and the checked command, and returns the `data` of its answer.
import { Batch, EVERY_MS, columns } from "./batch.mjs";
import { newId } from "./ids.mjs";
import { Limit } from "./limits.mjs";
import { Queue } from "./queue.mjs";
import { Refusal, checkCandidate, checkDescription, checkFields, checkMessage, isId, isText } from "./rules.mjs";

function answered(code, data = {}) {
  if (code) throw new Refusal(code);
  return data;
}

const REASONS = { offered: "no_answer", connecting: "media_failed", live: "max_duration", reconnecting: "connection_lost" };
const CLEAR_MS = 200;
const STATEMENTS = 2; // at once, of messages: the next one has as many as have come meanwhile
const SAID_EVERY_MS = 5; // and none begins sooner after the one before: as in the product
const SHOWS_NOTHING = { media: null, waveform: null, reply: null, system: null }; // a text, as clients are told of it
const isEpoch = (epoch) => Number.isInteger(epoch) && epoch >= 0;
const anything = () => true;
const typing = { room_id: isId, typing: (on) => typeof on === "boolean" };
const signalled = { call_id: isId, epoch: isEpoch, description: anything, candidate: anything };

export class Commands {
  constructor({ redis, ask, delivery, settings }) {
    Object.assign(this, { redis, ask, settings, keepMs: settings.keepMs, limits: settings.limits });
    this.queue = new Queue({ redis, ask, delivery, settings });
    this.messages = new Limit(redis, "messages", settings.messages);
    this.starts = new Batch((rows) => this.ask("started", ...columns(rows)), 50, EVERY_MS);
    this.told = [];
    this.waited = new Set();
    this.drafts = [];
    this.storing = 0;
    this.storeAt = 0;
    this.soon = null;
    this.telling = new Map();
    this.rooms = new Map(); // members, known for a second
    this.started = `"ice_servers":[],"ice_transport_policy":"all","max_duration_s":1800,"video_start":"open"}`;
  }

  async "call:signal"({ userId, device }, command) {
    checkFields(command, signalled);
    const { call_id, epoch, description, candidate } = command;
    let [kind, most, media, event, wrong] = ["candidate", this.limits.candidates, "", "", null];
    try {
      if ((description === undefined) === (candidate === undefined))
        throw new Refusal("invalid_request", "Send either `description` or `candidate`.");
      const passed = { call_id, epoch };
      if (description === undefined) passed.candidate = checkCandidate(candidate, this.limits);
      else {
        media = checkDescription(description, this.limits) ? "video" : "";
        [kind, most] = [description.type, this.limits.descriptions];
        passed.description = description;
      }
      event = `"call:signal",${JSON.stringify(passed)}`;
    } catch (refusal) {
      wrong = refusal; // who may, and the epoch, come first: the script looks without passing anything on
    }
    const code = await this.redis.signal(`call:${call_id}`, userId, device, epoch, kind, most, media, this.keepMs, event);
    if (!code && wrong) throw wrong;
    return answered(code);
  }

  async "chat:send"({ userId }, command) {
    checkMessage(command, this.limits);
    const now = new Date();
    this.messages.count(userId, now.getTime());
    const { room_id, client_id, content, type = "text", reply_to = null } = command;
    const message = { id: newId(now.getTime()), room_id, seq: 0, sender_id: userId, client_id, type, content };
    Object.assign(message, { created_at: now.toISOString(), ...SHOWS_NOTHING, reply_to, edited_at: null, deleted_at: null });
    let found;
    try {
      found = await this.say([room_id, userId, message.id, client_id, type, content, reply_to, message.created_at]);
    } catch (error) {
      if (error.constraint !== "one_message_a_client_id") throw error;
      return { message: wire((await this.ask("said_before", room_id, userId, client_id))[0]) };
    }
    if (!found) await this.whyNot(room_id, userId);
    message.seq = found.seq;
    this.tell(room_id, found.seq, message, found.members.split(" ")).catch(() => {}); // the outbox keeps it
    return { message };
  }

  // What is said in one turn, or while the statements before are under way, is stored together: one of each room.
  say(draft) {
    return new Promise((resolve, reject) => {
      this.drafts.push({ draft, resolve, reject });
      if (this.drafts.length === 1) setImmediate(() => this.store());
    });
  }

  async store() {
    if (this.storing >= STATEMENTS || !this.drafts.length || this.soon) return;
    const now = performance.now();
    if (now < this.storeAt) {
      this.soon = setTimeout(() => ((this.soon = null), this.store()), this.storeAt - now);
      return;
    }
    this.storeAt = now + SAID_EVERY_MS;
    const [batch, rest] = [new Map(), []];
    for (const each of this.drafts) {
      if (batch.size < 50 && !batch.has(each.draft[0])) batch.set(each.draft[0], each);
      else rest.push(each);
    }
    this.drafts = rest;
    this.storing += 1;
    const all = [...batch.values()];
    const stored = (some) => this.ask("say", ...some[0].draft.map((_, i) => some.map(({ draft }) => draft[i])));
    try {
      const found = new Map((await stored(all)).map((row) => [row.room_id, row]));
      for (const { draft, resolve } of all) resolve(found.get(draft[0]));
    } catch (error) {
      // A repeat fails all: each by itself then.
      if (all.length === 1) all[0].reject(error);
      else await Promise.all(all.map((one) => stored([one]).then(([row]) => one.resolve(row), one.reject)));
    }
    this.storing -= 1;
    this.store();
  }

  async whyNot(roomId, userId) {
    const [room] = await this.ask("room", roomId);
    throw new Refusal(room?.closed && room.members.includes(userId) ? "gone" : "not_found");
  }

  async tell(roomId, seq, message, members) {
    const event = `"chat:message",${JSON.stringify({ message })}`;
    const stands = await this.redis.announce(`told:${roomId}`, seq, seq - 1, this.keepMs, event, ...members);
    if (stands < 0) this.noteTold(roomId, seq);
    else await this.tellRoom(roomId, stands);
  }

  // What waits in a room, in order, after the number up to which it was told; by one at a time on this node.
  async tellRoom(roomId, after) {
    if (this.telling.has(roomId)) return this.telling.set(roomId, true);
    do {
      this.telling.set(roomId, false);
      const rows = await this.ask("of_room", roomId, after).catch((error) => {
        this.telling.delete(roomId);
        throw error;
      });
      let last = 0;
      const stands = rows.map((row) => {
        const event = `"chat:message",${JSON.stringify({ message: wire(row) })}`;
        const before = last;
        last = row.seq;
        return this.redis.announce(`told:${roomId}`, row.seq, before, this.keepMs, event, ...row.members.split(" "));
      });
      (await Promise.allSettled(stands)).forEach(({ value }, i) => {
        if (value < 0) this.noteTold(roomId, (after = rows[i].seq));
      });
    } while (this.telling.get(roomId));
    this.telling.delete(roomId);
  }

  noteTold(roomId, seq) {
    if (!this.told.length) setTimeout(() => this.clear().catch((error) => console.error(error.message)), CLEAR_MS);
    this.told.push([roomId, seq]);
  }

  // Take out of the outbox what was told.
  async clear() {
    const told = this.told.splice(0);
    if (told.length) await this.ask("told", told.map(([room]) => room), told.map(([, seq]) => seq));
  }

  // What waited at the last look already was left by a node that died, or by an outage.
  async look() {
    const waiting = await this.ask("left_over");
    const left = new Set(waiting.filter((row) => this.waited.has(`${row.room_id} ${row.seq}`)).map((row) => row.room_id));
    this.waited = new Set(waiting.map((row) => `${row.room_id} ${row.seq}`));
    for (const room of left) await this.tellRoom(room, 0);
  }

  async "chat:typing"({ userId }, command) {
    checkFields(command, typing);
    const members = await this.members(command.room_id);
    if (!members.includes(userId)) throw new Refusal("not_found");
    const text = `  "chat:typing",${JSON.stringify({ room_id: command.room_id, user_id: userId, typing: command.typing })}`;
    await Promise.all(members.filter((user) => user !== userId).map((user) => this.redis.publish(`ev:${user}`, text)));
    return {};
  }

  // Nothing is stored on their word: a second old is new enough.
  async members(roomId) {
    const known = this.rooms.get(roomId);
    if (known && known.until > Date.now()) return known.members;
    const [room] = await this.ask("room", roomId);
    if (!room || room.closed) throw new Refusal(room ? "gone" : "not_found");
    if (this.rooms.size > 10_000) this.rooms.clear();
    const members = room.members.split(" ");
    this.rooms.set(roomId, { members, until: Date.now() + 1000 });
    return members;
  }

  "queue:join"(client, command) {
    return this.queue.join(client, command);
  }

  "queue:leave"(client, command) {
    return this.queue.leave(client, command);
  }

  async "call:accept"({ userId, device }, command) {
    checkFields(command, { call_id: isId });
    const [{ call_id }, now] = [command, Date.now()];
    const until = now + 15_000;
    const state = `"call:state",${JSON.stringify({ call_id, state: "connecting", deadline: new Date(until).toISOString(), live_at: null })}`;
    const code = await this.redis.accept(`call:${call_id}`, userId, device, call_id, until, this.keepMs, this.started, state);
    // On record for the rule of who has met; an outage leaves it to the end of the call.
    if (code === "started") await this.starts.ask([call_id, new Date(now)]);
    return answered(code === "started" ? "" : code);
  }

  async "call:connected"({ userId }, command) {
    checkFields(command, { call_id: isId, epoch: isEpoch, path: anything });
    const [now, { call_id, epoch }] = [Date.now(), command];
    const said = { call_id, state: "live", live_at: new Date(now).toISOString(), deadline: null };
    const given = [userId, epoch, call_id, now + 1_800_000, this.keepMs, `"call:state",${JSON.stringify(said)}`];
    return answered(await this.redis.connected(`call:${call_id}`, ...given));
  }

  async "call:end"({ userId }, command) {
    checkFields(command, { call_id: isId });
    return answered(await this.finish(command.call_id, userId, "hung_up"));
  }

  // PostgreSQL first: who hears of the end may queue at once.
  async finish(callId, userId, reason, atFault = []) {
    const [over] = await this.ask("over", callId, new Date(), reason, userId, atFault);
    if (over) return this.redis.finish(`call:${callId}`, callId, reason, this.keepMs);
    const [state, a, b] = await this.redis.hmget(`call:${callId}`, "state", "a", "b");
    return state && (a === userId || b === userId) ? "gone" : "not_found";
  }

  // Calls whose time is over. Each is put off first: what a node that dies leaves, another one finds again.
  async expire() {
    const now = Date.now();
    for (const call of await this.redis.zrangebyscore("deadlines", "-inf", now, "LIMIT", 0, 50)) {
      await this.redis.zadd("deadlines", "XX", now + 2000, call);
      const [state, a, b, deviceA, deviceB] = await this.redis.hmget(`call:${call}`, "state", "a", "b", "device_a", "device_b");
      if (state === "claimed") {
        await this.queue.resume(call); // its node has died
        continue;
      }
      const reason = REASONS[state] ?? "moderated";
      const absent = state === "offered" ? [a, b].filter((_, i) => ![deviceA, deviceB][i]) : [];
      if ((await this.finish(call, null, reason, absent)) === "not_found")
        await this.redis.finish(`call:${call}`, call, reason, this.keepMs); // its end was stored and not told
    }
  }

  // Bans that hold and have not taken effect. Who dies halfway leaves them to the next look.
  async enforce() {
    const now = new Date();
    for (const { user_id } of await this.ask("banned", now)) {
      await this.queue.remove(user_id, "moderated");
      const call = await this.redis.get(`in:${user_id}`);
      if (call) await this.finish(call, user_id, "moderated");
      await this.redis.publish(`ev:${user_id}`, "banned ");
      await this.ask("enforced", user_id, now);
    }
  }

  async block({ userId }, command) {
    checkFields(command, { user_id: isId });
    await this.ask("block", userId, command.user_id, new Date());
    await Promise.all([userId, command.user_id].map((user) => this.redis.publish(`pr:${user}`, "")));
    const call = await this.redis.get(`in:${userId}`);
    if (call && call === (await this.redis.get(`in:${command.user_id}`))) await this.finish(call, userId, "blocked");
    return {};
  }
}

function wire(row) {
  const { id, room_id, seq, sender_id, client_id, type, content, created_at, reply_to } = row;
  const said = { id, room_id, seq: +seq, sender_id, client_id, type, content, created_at: created_at.toISOString() };
  return { ...said, ...SHOWS_NOTHING, reply_to, edited_at: row.edited_at, deleted_at: row.deleted_at };
}
