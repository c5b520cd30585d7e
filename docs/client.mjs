// Two of these meet, talk for a moment without a word, say yes to each other and write a line.
import { io } from "socket.io-client";

const server = process.argv[2] ?? "http://localhost:8080", name = `guest_${Date.now()}_${process.pid}`;
const me = { email: `${name}@example.org`, username: name, password: "correct horse battery", display_name: name, birth_date: "1999-09-09", gender: "other" };
const signUp = await fetch(`${server}/v1/auth/register`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(me) });
const { access_token: token } = await signUp.json();
const socket = io(server, { auth: { token }, transports: ["websocket"] });
const ask = (command, payload) => socket.timeout(5000).emitWithAck(command, payload);

socket.once("session:ready", async () => console.log("Waiting", await ask("queue:join", { mode: "voice" })));
socket.on("call:offered", ({ call_id, peer }) => { console.log("Found", peer.display_name); ask("call:accept", { call_id }); });
socket.on("call:started", ({ call_id, epoch, role }) => {
  console.log("In a call as the", role); // an app connects its RTCPeerConnection here, and says so when media flows
  ask("call:connected", { call_id, epoch });
  if (role === "offerer") setTimeout(() => ask("call:end", { call_id }), 2000);
});
socket.on("call:ended", ({ call_id, reason, decision }) => {
  console.log("Over:", reason);
  if (decision?.you_decide) ask("decision:submit", { call_id, connect: true });
  else socket.disconnect();
});
socket.on("decision:result", async ({ outcome, connection }) => {
  console.log("And now:", outcome);
  if (connection) await ask("chat:send", { room_id: connection.room_id, client_id: name, content: "That was short!" });
  socket.disconnect();
});
