// The server that a good team of Node.js would write for the same promises, to measure against. Prints its port.
// Order of delivery: delivery.mjs. What is checked: rules.mjs. What is done: commands.mjs, lua/, statements.sql.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { Commands, newId } from "./commands.mjs";
import { Client, Delivery } from "./delivery.mjs";
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
const delivery = new Delivery(redis, sub, settings.node);
await sub.subscribe(delivery.canary);
const commands = new Commands({ redis, ask, delivery, settings });
await redis.set("log", newId(), "NX");
const names = Object.getOwnPropertyNames(Commands.prototype).filter((name) => name.includes(":") || name === "block");

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
  const said =
    `"user":${account.me},"pid":"${client.socket.data.pid}","recovered":${recovered},"contract":"1.1",` +
    `"server_time":"${new Date(now).toISOString()}","token_expires_at":"${new Date(claims.exp * 1000).toISOString()}",` +
    `"presence":"${own}","ticket":${JSON.stringify(ticket[0] ? { id: ticket[0], mode: ticket[2], state: "waiting", joined_at: new Date(+ticket[1]).toISOString() } : null)},` +
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
  client.tokens = settings.burst;
  client.filled = Date.now();
  client.turn = null;
  for (const name of names) socket.on(name, (payload, ack) => command(client, name, payload ?? {}, ack));
  socket.on("disconnect", () => depart(client));
  client.ready();
});

async function depart(client) {
  for (const user of client.socket.data.watched) delivery.unwatch(client, user);
  const now = Date.now();
  await delivery.leave(client);
  await redis.depart(`pr:${client.userId}`, client.userId, client.socket.id, client.device, now + 20_000, now);
}

// In the order in which they came, not too fast, and always answered.
async function command(client, name, payload, ack) {
  if (typeof payload === "function" || typeof ack !== "function") return;
  const before = client.turn;
  let done;
  const turn = (client.turn = new Promise((resolve) => (done = resolve)));
  if (before) await before;
  try {
    pace(client);
    ack({ ok: true, data: await commands[name](client, payload) });
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(name, error.message);
    ack({ ok: false, error: error.error ?? { code: "unavailable", message: "Try again." } });
  }
  if (client.turn === turn) client.turn = null;
  done();
}

// A token bucket for each connection.
function pace(client) {
  const now = Date.now();
  client.tokens = Math.min(settings.burst, client.tokens + ((now - client.filled) * settings.rate) / 1000);
  client.filled = now;
  if (client.tokens < 1) throw new Refusal("rate_limited", "Too many.", { retry_after_ms: Math.ceil(1000 / settings.rate) });
  client.tokens -= 1;
}

const quietly = (job) => () => job().catch((error) => console.error(error.message));
setInterval(quietly(() => commands.clear()), 200);
setInterval(quietly(() => Promise.all([commands.look(), commands.expire()])), 1000);
setInterval(quietly(() => delivery.watchOver()), 2000);
setInterval(quietly(renew), 5000);

// This node lives; and which others do.
async function renew() {
  const now = Date.now();
  const [, , nodes] = await Promise.all([
    redis.zadd("nodes", now, settings.node),
    redis.zremrangebyscore("nodes", "-inf", now - 15_000),
    redis.zrange("nodes", 0, -1),
  ]);
  settings.alive = new Set(nodes);
}
await renew();

http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.resume().on("end", async () => {
  await commands.clear().catch(() => {});
  process.exit(0);
});
