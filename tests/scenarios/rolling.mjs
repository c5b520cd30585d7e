/**
 * People on the official client while the nodes under them are replaced: in calls of strangers and of two who know each other, in
 * chats, in the queue.
 * Argument: the balancer's address. Says `ready`, goes on until a line comes, and tells what they have seen.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Person } from "../node/person.mjs";

const address = process.argv[2];
const WAYS = [["websocket"], ["polling"], ["polling", "websocket"]];
const USUAL = { reconnectionDelay: 1000 }; // the official client's own
const seen = { refused: [], calls: [], chats: [], tickets: [], closed: [] };
const people = [];
let over = false;

async function come(name, gender) {
  const person = await Person.register(address, name, gender);
  await person.connect(WAYS[people.length % WAYS.length], USUAL);
  person.closed = 0;
  person.socket.on("disconnect", () => { person.closed += 1; });
  people.push(person);
  return person;
}

async function live() {
  const pair = [await come("Ana", "female"), await come("Ben", "male")];
  for (const person of pair) await person.ask("queue:join", { mode: "voice" });
  const { call_id } = (await pair[0].next("call:offered")).data;
  for (const person of pair) await person.ask("call:accept", { call_id });
  return talking(pair, call_id);
}

async function talking(pair, call_id) {
  for (const person of pair) {
    await person.next("call:started");
    await person.ask("call:connected", { call_id, epoch: 1 });
  }
  for (const person of pair) while ((await person.next("call:state")).data.state !== "live");
  return { pair, call_id };
}

/** One rings the other, who answers. */
async function direct({ pair, connection_id }) {
  const [ana, ben] = pair;
  const { call_id } = await ana.ask("call:invite", { connection_id, mode: "voice" });
  while ((await ben.next("call:offered")).data.call_id !== call_id);
  await ben.ask("call:accept", { call_id });
  return talking(pair, call_id);
}

async function connected() {
  const { pair, call_id } = await live();
  const [ana, ben] = pair;
  await ben.ask("call:end", { call_id });
  await ana.next("call:ended");
  await ana.ask("decision:submit", { call_id, connect: true });
  const { connection } = (await ben.next("decision:result")).data;
  return { pair, room_id: connection.room_id, connection_id: connection.id };
}

/** Until it is answered, as an app's outbox does: what was not acknowledged is sent once more. */
async function surely(person, command, payload) {
  for (;;) {
    try {
      const answer = await person.socket.timeout(60_000).emitWithAck(command, payload);
      if (!answer.ok) seen.refused.push([command, answer.error.code, answer.error.message]);
      return answer;
    } catch (error) {
      assert.equal(error.message, "socket has been disconnected");
    }
  }
}

async function talk(person, room_id, said) {
  for (let number = 0; !over; number += 1) {
    const content = `${person.account.user.username} ${number}`;
    await surely(person, "chat:send", { room_id, client_id: content, content });
    said.push(content);
    await pause(150);
  }
}

/** Switch the microphone to and fro, as long as the call lasts. */
async function speak(person, call_id) {
  for (let audio = true; !over; audio = !audio) {
    await surely(person, "call:media", { call_id, audio, video: false });
    await pause(250);
  }
}

const calls = [];
const rooms = [];
for (let number = 0; number < 3; number += 1) calls.push(await live());
for (let number = 0; number < 3; number += 1) rooms.push({ ...(await connected()), said: [] });
const waiting = [await come("Cleo", "female"), await come("Dora", "female")];
const blocked = await fetch(`${address}/v1/blocks`, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${waiting[0].account.access_token}` },
  body: JSON.stringify({ user_id: waiting[1].account.user.id }),
});
assert.equal(blocked.status, 201);
const tickets = [];
for (const person of waiting) tickets.push((await person.ask("queue:join", { mode: "voice" })).ticket);
calls.push(await direct(rooms[0]));
for (const { pair } of calls) for (const person of pair) person.calm = person.names().length;

const work = [
  ...rooms.flatMap(({ pair, room_id, said }) => pair.map((person) => talk(person, room_id, said))),
  ...calls.flatMap(({ pair, call_id }) => pair.map((person) => speak(person, call_id))),
];
console.log("ready");
await once(process.stdin, "data");
over = true;
await Promise.all(work);

for (const { pair, call_id } of calls) {
  const usual = (name) => ["session:ready", "call:media"].includes(name) || name.startsWith("chat:");
  seen.calls.push(pair.map((person) => person.names().slice(person.calm).filter((name) => !usual(name))));
  seen.calls.push((await surely(pair[0], "call:end", { call_id })).ok);
}
for (const { pair, said } of rooms) {
  const all = said.length;
  for (const person of pair) {
    const messages = () => person.heard.filter(({ name }) => name === "chat:message").map(({ data }) => data.message);
    while (messages().length < all) await person.next("chat:message");
    const came = messages();
    seen.chats.push({
      all,
      once: new Set(came.map(({ content }) => content)).size === all && came.length === all,
      inOrder: came.every(({ seq }, index) => seq === index + 1),
    });
  }
}
for (const [index, person] of waiting.entries()) {
  seen.tickets.push(JSON.stringify((await person.ask("queue:join", { mode: "voice" })).ticket) === JSON.stringify(tickets[index]));
}
seen.closed = people.map(({ closed }) => closed);
console.log(JSON.stringify(seen));
process.exit(0);
