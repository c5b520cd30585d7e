// Who meets whom: of the oldest who wait, the one who fits best, at once. Tickets are in Redis, read once and kept by id; a
// script claims two that still wait, PostgreSQL decides whether they may meet, and then both are told.
import { Batch, EVERY_MS, columns } from "./batch.mjs";
import { newId } from "./ids.mjs";
import { Limit } from "./limits.mjs";
import { Refusal, checkFields } from "./rules.mjs";

const OFFER_MS = 8000, CLAIM_MS = 3000, LEASE_MS = 10_000, PATIENCE_MS = 300_000, NEWS_MS = 3000, AGAIN_MS = 1000;
const LOOKS = 3, KEPT = 8; // times a search looks; candidates in the record of a match
const RELAX_MS = { countries: 5000, intents: 10_000, languages: 20_000 };
const list = (words) => words === undefined || (Array.isArray(words) && words.length <= 20 && words.every((w) => typeof w === "string"));
const age = (years) => years === undefined || (Number.isInteger(years) && years >= 18 && years <= 120);
const wished = { genders: list, age_min: age, age_max: age, languages: list, intents: list, countries: list };
const joining = {
  mode: (mode) => mode === "voice" || mode === "video",
  preferences: (given) => given === undefined || (checkFields(given, wished), true),
};
const shared = (one, other) => one.some((word) => other.includes(word));

// Hard rules, and wishes for as long as they count; the same for both.
function fits(mine, theirs, now) {
  const [me, you] = [mine.card, theirs.card];
  return (
    mine.genders.includes(you.gender) && theirs.genders.includes(me.gender) &&
    mine.age_min <= you.age && you.age <= mine.age_max && theirs.age_min <= me.age && me.age <= theirs.age_max &&
    me.user_id !== you.user_id && mine.device !== theirs.device && (mine.tier === "suspect") === (theirs.tier === "suspect") &&
    meets(mine, you, now) && meets(theirs, me, now)
  );
}

function meets({ wishes, since }, card, now) {
  if (!wishes) return true;
  const counts = (wish) => wishes[wish] && now - since < RELAX_MS[wish];
  return !(
    (counts("countries") && !wishes.countries.includes(card.country)) ||
    (counts("intents") && !wishes.intents.includes(card.intent)) ||
    (counts("languages") && !shared(wishes.languages, card.languages))
  );
}

// From 0 to 1: intent, language, country, values, age, trust, waiting.
function score(mine, theirs, now) {
  const [me, you] = [mine.card, theirs.card];
  return (
    (me.intent === you.intent ? 0.25 : 0) + (shared(me.languages, you.languages) ? 0.2 : 0) +
    (me.country !== null && me.country === you.country ? 0.1 : 0) + 0.25 * closeness(mine.values, theirs.values) +
    0.1 * Math.max(0, 1 - Math.abs(me.age - you.age) / 20) + (mine.tier === theirs.tier ? 0.05 : 0.025) +
    0.05 * Math.min(1, (now - Math.min(mine.since, theirs.since)) / PATIENCE_MS)
  );
}

function closeness(mine, theirs) {
  if (!mine || !theirs) return 0.5;
  let sum = 0;
  for (const key in mine) sum += mine[key] * (theirs[key] ?? 0);
  return (1 + sum) / 2;
}

function unit(strengths) {
  const centred = Object.entries(strengths ?? {}).flatMap(([key, strength]) => (strength === 50 ? [] : [[key, strength - 50]]));
  const length = Math.hypot(...centred.map(([, value]) => value));
  return length ? Object.fromEntries(centred.map(([key, value]) => [key, value / length])) : null;
}

export class Queue {
  constructor({ redis, ask, delivery, settings }) {
    Object.assign(this, { redis, ask, delivery, keepMs: settings.keepMs });
    this.rematchMs = settings.rematchMs ?? 86_400_000;
    this.coolDowns = settings.coolDowns ?? [0, 30_000, 300_000];
    this.joins = new Limit(redis, "joins", settings.joins);
    this.applicants = new Batch((users) => this.readApplicants(users), 25);
    this.offers = new Batch((rows) => this.makeOffers(rows), 16, EVERY_MS);
    this.tickets = new Map();
    this.waits = new Map();
    this.news = new Map();
  }

  async join({ userId, device }, command) {
    checkFields(command, joining);
    const [now, { mode, preferences = {} }] = [Date.now(), command];
    this.joins.count(userId, now);
    const who = await this.applicants.ask(userId);
    this.admit(who, now);
    const { genders = who.genders, age_min = who.age_min, age_max = who.age_max, ...wishes } = preferences;
    if (age_min > age_max) throw new Refusal("invalid_request", "age_min is above age_max.");
    const ticket = {
      id: newId(now), mode, since: now, device, card: who.card, genders, age_min, age_max, tier: who.tier,
      values: unit(who.strengths), wishes: Object.keys(wishes).length ? wishes : undefined,
    };
    const pools = genders.map((gender) => `queue:${mode}:${gender}`);
    const whose = [userId, ticket.id, now, now + LEASE_MS, mode, who.card.gender, JSON.stringify(ticket)];
    const [kind, own, waiting, ...ids] = await this.redis.join(`queue:${mode}`, ...whose, ...pools);
    if (kind === "in_call") throw new Refusal("already_in_call");
    const [id, itsMode, since] = own.split(" ");
    if (id === ticket.id) {
      this.keep(ticket);
      const apart = new Set(who.apart);
      setImmediate(() => this.seek(ticket, apart, ids).catch((error) => console.error("seek", error.message)));
    }
    const view = { id, mode: itsMode, state: "waiting", joined_at: new Date(+since).toISOString() };
    return { ticket: view, waiting, estimated_wait_ms: await this.estimate(itsMode, who.card.gender, now - since) };
  }

  async readApplicants(users) {
    const now = Date.now();
    const rows = await this.ask("applicants", users, new Date(now), new Date(now - this.rematchMs), new Date(now - 3_600_000));
    const found = new Map(rows.map((row) => [row.id, row]));
    return users.map((user) => found.get(user));
  }

  async makeOffers(rows) {
    const found = new Map((await this.ask("offers", ...columns(rows))).map((row) => [row.call, row.refused]));
    return rows.map(([call]) => found.get(call));
  }

  admit(who, now) {
    if (!who) throw new Refusal("unauthenticated");
    if (who.banned) throw new Refusal("banned");
    if (who.card.age < 18) throw new Refusal("underage");
    const { length } = who.faults;
    const left = length ? +who.faults[0] + this.coolDowns[Math.min(length, this.coolDowns.length) - 1] - now : 0;
    if (left > 0) throw new Refusal("rate_limited", "You may queue again later.", { retry_after_ms: left });
  }

  async leave({ userId }, command) {
    checkFields(command, {});
    await this.remove(userId, "left");
    return {};
  }

  remove(userId, reason, before = 0) {
    return this.redis.leave(`ticket:${userId}`, userId, reason, before, this.keepMs);
  }

  keep(ticket) {
    if (this.tickets.size > 10_000) for (const old of [...this.tickets.keys()].slice(0, 1000)) this.tickets.delete(old);
    this.tickets.set(ticket.id, ticket);
  }

  // Tickets never change, so each is read once.
  async read(ids) {
    const unknown = ids.filter((id) => !this.tickets.has(id));
    if (unknown.length) for (const text of await this.redis.hmget("tickets", unknown)) if (text) this.keep(JSON.parse(text));
    return ids.map((id) => this.tickets.get(id)).filter(Boolean);
  }

  // The best of those who wait, or the next best if somebody was faster.
  async seek(ticket, apart, ids) {
    for (let look = 0; look < LOOKS; look++) {
      ids ??= await this.redis.look(`queue:${ticket.mode}`, ...ticket.genders.map((gender) => `queue:${ticket.mode}:${gender}`));
      const now = Date.now();
      let found = (await this.read(ids)).filter((other) => fits(ticket, other, now));
      if (found.length) apart ??= await this.apart(ticket.card.user_id, now);
      found = found.filter((other) => !apart.has(other.card.user_id));
      if (!found.length) return;
      const ranked = found.map((other) => ({ score: score(ticket, other, now), ticket: other }));
      ranked.sort((a, b) => b.score - a.score || a.ticket.since - b.ticket.since);
      const why = JSON.stringify({ at: now, considered: ids.length, seeker: ticket, contenders: ranked.slice(0, KEPT) });
      const callId = newId(now);
      const pairs = ranked.flatMap(({ ticket: other }) => [other.card.user_id, other.id]);
      const whose = [now, callId, ticket.mode, now + CLAIM_MS, why, ticket.card.user_id, ticket.id];
      const taken = await this.redis.claim(`call:${callId}`, ...whose, ...pairs);
      if (taken === -1) return; // somebody else has claimed this one
      if (taken > 0) return this.offer(callId, ranked[taken - 1].ticket, ticket, why);
      ids = null;
    }
  }

  // The fence first: an offer that it refuses was never made. May be repeated, by any node.
  async offer(callId, first, second, why) {
    const now = new Date();
    const ids = [first.card.user_id, second.card.user_id];
    const refused = await this.offers.ask([callId, first.mode, now, ...ids, why, new Date(now - this.rematchMs), first.tier === "suspect"]);
    if (refused) return this.redis.release(`call:${callId}`, callId, this.keepMs, now.getTime() + LEASE_MS, ...refused);
    const until = now.getTime() + OFFER_MS;
    const told = (ticket, peer) => [
      `"queue:left",{"ticket_id":"${ticket.id}","reason":"matched"}`,
      `"call:offered",${JSON.stringify({
        call_id: callId, origin: "match", mode: ticket.mode, peer: peer.card, auto_accept: true,
        expires_at: new Date(until).toISOString(), expires_in_ms: OFFER_MS,
      })}`,
    ];
    await this.redis.offered(`call:${callId}`, callId, until, this.keepMs, ...told(first, second), ...told(second, first));
  }

  // A claim that the node which took it did not make an offer of.
  async resume(callId) {
    const [first, second, why] = await this.redis.hmget(`call:${callId}`, "ticket_a", "ticket_b", "why");
    if (why) await this.offer(callId, JSON.parse(first), JSON.parse(second), why);
  }

  // The median of the latest waits of this kind that lasted as long.
  async estimate(mode, gender, waited) {
    const kind = `waits:${mode}:${gender}`;
    let known = this.waits.get(kind);
    if (!known || known.until < Date.now()) {
      this.waits.set(kind, (known = { until: Date.now() + 1000, sorted: known?.sorted ?? [] }));
      known.sorted = (await this.redis.lrange(kind, 0, 255)).map(Number).sort((a, b) => a - b);
    }
    const longer = known.sorted.filter((wait) => wait >= waited);
    return longer.length < 5 ? null : longer[longer.length >> 1] - waited;
  }

  // Those whose clients are here go on waiting.
  async renew() {
    const until = Date.now() + LEASE_MS;
    const users = [...this.delivery.users.keys()];
    for (let i = 0; i < users.length; i += 500)
      await this.redis.zadd("leases", "XX", "GT", ...users.slice(i, i + 500).flatMap((user) => [until, user]));
  }

  // What no request starts, by one node at a time: lost clients and ended patience, wishes that no longer count, news.
  async sweep() {
    if (!(await this.redis.set("sweeping", 1, "PX", 450, "NX"))) return;
    const now = Date.now();
    for (const user of await this.redis.zrangebyscore("leases", "-inf", now, "LIMIT", 0, 500)) await this.remove(user, "disconnected", now);
    for (const mode of ["voice", "video"]) {
      const waiting = await this.read(await this.redis.zrange(`queue:${mode}`, 0, -1));
      for (const ticket of waiting) {
        if (now - ticket.since >= PATIENCE_MS) await this.remove(ticket.card.user_id, "timed_out");
        else if (now - ticket.since >= AGAIN_MS) await this.seek(ticket, null, null);
      }
      this.tell(waiting, now);
    }
  }

  async apart(user, now) {
    return new Set((await this.ask("apart", user, new Date(now - this.rematchMs))).map(({ other }) => other));
  }

  tell(waiting, now) {
    for (const ticket of waiting) {
      const waited = now - ticket.since;
      if (Math.floor(waited / NEWS_MS) === Math.floor((waited - 500) / NEWS_MS) || waited < NEWS_MS) continue;
      const relaxed = Object.keys(RELAX_MS).filter((wish) => ticket.wishes?.[wish] && waited >= RELAX_MS[wish]);
      const sorted = this.waits.get(`waits:${ticket.mode}:${ticket.card.gender}`)?.sorted.filter((wait) => wait >= waited) ?? [];
      const estimated_wait_ms = sorted.length < 5 ? null : sorted[sorted.length >> 1] - waited;
      const said = { waiting: waiting.length, waited_ms: waited, relaxed, estimated_wait_ms };
      this.redis.publish(`ev:${ticket.card.user_id}`, `  "queue:updated",${JSON.stringify(said)}`);
    }
  }
}
