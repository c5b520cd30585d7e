// The official JavaScript client against one server. Argument: the server's address. Prints one JSON line a step.
import { io } from "socket.io-client";

const address = process.argv[2];
const say = (step, value) => console.log(JSON.stringify({ step, value }));
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...values) => resolve(values)));
const patience = (promise) =>
  Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error("timeout")), 50_000).unref())]);

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  const socket = io(address, { transports, forceNew: true, auth: { token: "t" } });
  await patience(once(socket, "connect"));
  if (transports.length > 1 && socket.io.engine.transport.name !== "websocket") {
    await patience(once(socket.io.engine, "upgrade"));
  }
  const many = await patience(Promise.all(Array.from({ length: 40 }, (_, i) => socket.emitWithAck("echo", i))));
  const binary = await patience(socket.emitWithAck("echo", { a: Buffer.from([1, 2, 3]) }));
  socket.on("question", (value, answer) => answer(value + 1));
  const asked = await patience(socket.emitWithAck("ask", 41));
  say(transports.join("+"), {
    transport: socket.io.engine.transport.name,
    inOrder: many.every((value, i) => value === i),
    binary: [...binary.a],
    asked,
  });
  socket.disconnect();
}

const refused = io(address, { forceNew: true, auth: { token: "bad" }, transports: ["websocket"] });
const [error] = await patience(once(refused, "connect_error"));
say("refused", { message: error.message, data: error.data });
refused.close();

// Recovery: the connection is closed under the client, which comes back by itself and misses nothing.
for (const transports of [["websocket"], ["polling"]]) {
  const socket = io(address, { forceNew: true, transports, reconnectionDelay: 20, auth: { token: "t" } });
  const heard = [];
  socket.on("news", (value) => heard.push(value));
  await patience(once(socket, "connect"));
  const first = socket.recovered;
  await patience(socket.emitWithAck("publish", 1));
  const back = once(socket, "connect");
  socket.emit("drop me");
  await patience(back);
  await patience(socket.emitWithAck("publish", 3));
  say(`recovery over ${transports}`, { first, recovered: socket.recovered, heard });
  const gone = once(socket, "disconnect");
  socket.emit("dismiss me");
  const [reason] = await patience(gone);
  say(`dismissed over ${transports}`, { reason, active: socket.active });
}
process.exit(0);
