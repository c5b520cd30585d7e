// The server that a good team of Node.js would write for the same promises, to measure against. Prints its port.
// Order of delivery: delivery.mjs. What is checked: rules.mjs. What is done: commands.mjs, presence.mjs, lua/, statements.sql.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { Commands } from "./commands.mjs";
import { Client, Delivery } from "./delivery.mjs";
import { newId } from "./ids.mjs";
import { Presence } from "./presence.mjs";
import { Refusal, isText } from "./rules.mjs";
import { openPostgres, openRedis } from "./stores.mjs";

const settings = JSON.parse(process.argv[2]);
settings.keepMs ??= 300_000;
settings.limits = { candidateBytes: 512, sdpBytes: 24_576, messageChars: 4000, candidates: 40, descriptions: 20, ...settings.limits };
settings.node = newId();
settings.alive = new Set([settings.node]);
const key = Buffer.from(settings.key, "base64");

const { redis, sub } = openRedis(settings);
const { pool, ask } = openPostgres(settings);
const presence = new Presence({ redis, sub, ask, settings });
const delivery = new Delivery(redis, sub, settings.node, presence);
await sub.subscribe(delivery.canary);
const commands = new Commands({ redis, ask, delivery, settings });
await redis.set("log", newId(), "NX");
const handlers = {};
for (const part of [commands, presence])
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(part)))
    if (name.includes(":") || name === "block") handlers[name] = part[name].bind(part);
const names = Object.keys(handlers);

const http = createServer();
const io = new Server(http, { perMessageDeflate: false, serveClient: false, maxHttpBufferSize: 65_536 });

function readToken(token) {
  try {
    return jwt.verify(token, key, { algorithms: ["HS256"], issuer: "realtime-connect" });
  } catch (error) {
    throw new Refusal(error.name === "TokenExpiredError" ? "token_expired" : "unauthenticated");
  }
}

const markOf = (userId, log) => createHmac("sha256", key).update(`offset ${log} ${userId}`).digest("hex").slice(0, 12);

// The place in the user's stream that an offset of ours stands for.
function placeOf(offset, mark) {
  const found = typeof offset === "string" && /^(\d{1,15}-\d{1,15})\.([0-9a-f]{12})$/.exec(offset);
  return found && found[2] === mark ? found[1] : "";
}

let log = await redis.get("log");

// Subscribe first, then check the session and read the stream: so nothing is missed in between.
async function admit(socket) {
  const { token, device_id, pid, offset } = socket.handshake.auth;
  const claims = readToken(token);
  const [userId, now] = [claims.sub, Date.now()];
  const client = new Client(socket, userId, markOf(userId, log));
  Object.assign(socket.data, { client, session: claims.sid, watched: [], pid: isText(pid, 200) && pid ? pid : newId() });
  const device = isText(device_id, 100) && device_id ? device_id : socket.data.pid;
  const from = placeOf(offset, client.mark);
  try {
    await delivery.join(client);
    const [[account], state] = await Promise.all([
      ask("admit", userId, claims.sid, Buffer.from(claims.twin, "hex"), new Date(now)),
      redis.arrive(`pr:${userId}`, userId, socket.id, settings.node, device, from),
    ]);
    if (!account || account.void) throw new Refusal("unauthenticated");
    if (account.banned) throw new Refusal("banned");
    if (account.unserved) await ask("serve", Buffer.from(claims.twin, "hex"), new Date(now));
    welcome(client, device, from, claims, account, state);
  } catch (error) {
    await delivery.leave(client);
    throw error;
  }
}

function welcome(client, device, from, claims, account, [own, logNow, ticket, call, last, first, length, missed, callId]) {
  if (logNow !== log) [log, client.mark, from] = [logNow, markOf(client.userId, logNow), ""];
  const now = Date.now();
  const ms = +from.split("-")[0];
  const recovered = from !== "" && ms <= now && (first === "" ? ms >= now - settings.keepMs : length <= 1000 || ms >= +first.split("-")[0]);
  const place = recovered ? from : last || `${now - 1}-0`;
  const [ticketId, mode, since] = ticket.split(" ");
  const said =
    `"user":${account.me},"pid":"${client.socket.data.pid}","recovered":${recovered},"contract":"1.1",` +
    `"server_time":"${new Date(now).toISOString()}","token_expires_at":"${new Date(claims.exp * 1000).toISOString()}",` +
    `"presence":"${own}","ticket":${JSON.stringify(ticketId ? { id: ticketId, mode, state: "waiting", joined_at: new Date(+since).toISOString() } : null)},` +
    `"call":${JSON.stringify(call.length ? { call_id: callId, state: call[0], epoch: +call[1], mode: call[2], role: call[3] === client.userId ? "offerer" : "answerer" } : null)},` +
    `"pending_decisions":[],"unread":{"rooms":${account.unread ?? "{}"},"notifications":0}`;
  client.ready = () => {
    client.pass("", "", `"session:ready",{${said}},"${place}.${client.mark}"`);
    client.open(device, place, recovered ? missed : []);
  };
}

io.use((socket, next) =>
  admit(socket).then(
    () => next(),
    (error) => next(Object.assign(new Error("refused"), { data: error.error ?? { code: "unavailable" } })),
  ),
);

io.on("connection", (socket) => {
  const { client } = socket.data;
  client.buckets = [new Bucket(), bucketOf(client.userId), bucketOf(socket.handshake.address)];
  client.turn = null;
  for (const name of names) socket.on(name, (payload, ack) => command(client, name, payload ?? {}, ack));
  socket.on("disconnect", () => depart(client));
  client.ready();
});

async function depart(client) {
  for (const user of client.socket.data.watched) presence.unwatch(client, user);
  const now = Date.now();
  await delivery.leave(client);
  await departed(client.userId, client.socket.id, client.device, settings.node, now);
}

const departed = (user, connection, device, node, now) =>
  redis.depart(`pr:${user}`, user, connection, device, now + 20_000, now, node);

// In the order in which they came, not too fast, and always answered.
async function command(client, name, payload, ack) {
  if (typeof payload === "function" || typeof ack !== "function") return;
  const before = client.turn;
  let done;
  const turn = (client.turn = new Promise((resolve) => (done = resolve)));
  if (before) await before;
  try {
    pace(client);
    ack({ ok: true, data: await handlers[name](client, payload) });
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(name, error.message);
    ack({ ok: false, error: error.error ?? { code: "unavailable", message: "Try again." } });
  }
  if (client.turn === turn) client.turn = null;
  done();
}

// Token buckets: of each connection, of each account and of each network.
class Bucket {
  tokens = settings.burst;
  filled = Date.now();

  take(now) {
    this.tokens = Math.min(settings.burst, this.tokens + ((now - this.filled) * settings.rate) / 1000) - 1;
    this.filled = now;
    return this.tokens >= 0;
  }
}

const buckets = new Map();

function bucketOf(key) {
  const bucket = buckets.get(key) ?? new Bucket();
  buckets.delete(key);
  buckets.set(key, bucket); // the latest last
  if (buckets.size > 100_000) buckets.delete(buckets.keys().next().value);
  return bucket;
}

// Out of each of them, or out of none.
function pace(client) {
  const now = Date.now();
  const empty = client.buckets.findIndex((bucket) => !bucket.take(now));
  if (empty < 0) return;
  for (const bucket of client.buckets.slice(0, empty + 1)) bucket.tokens += 1;
  throw new Refusal("rate_limited", "Too many.", { retry_after_ms: Math.ceil(1000 / settings.rate) });
}

const quietly = (job) => () => job().catch((error) => console.error(error.message));
setInterval(quietly(() => commands.expire()), 1000);
setInterval(quietly(look), 500);
setInterval(quietly(() => delivery.watchOver()), 2000);
setInterval(quietly(() => commands.queue.sweep()), 500);
setInterval(quietly(() => Promise.all([renew(), commands.queue.renew()])), 3000);

// What rows announce to nobody: what was left to be told, and bans, which may be written by hand.
async function look() {
  const [{ bans, outbox }] = await ask("waiting", new Date());
  if (outbox) await commands.look();
  if (bans) await commands.enforce();
}

// This node lives; which others do; and which have died, so that their connections have departed.
async function renew() {
  const now = Date.now();
  const [, nodes, dead] = await Promise.all([
    redis.zadd("nodes", now, settings.node),
    redis.zrangebyscore("nodes", now - 15_000, "+inf"),
    redis.zrangebyscore("nodes", "-inf", now - 15_000),
  ]);
  settings.alive = new Set(nodes);
  for (const node of dead) await bury(node, now);
}

// Put off first: if this node dies as well, another one goes on.
async function bury(node, now) {
  await redis.zadd("nodes", "XX", now - 10_000, node);
  for (const [connection, whose] of Object.entries(await redis.hgetall(`at:${node}`))) {
    await departed(whose.slice(0, 36), connection, whose.slice(37), node, now);
  }
  await redis.del(`at:${node}`);
  await redis.zrem("nodes", node);
}
await renew();

http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.resume().on("end", async () => {
  await commands.clear().catch(() => {});
  process.exit(0);
});
