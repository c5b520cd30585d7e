// A node of Node's own Socket.IO server with its Redis adapter. Who comes is in the room of its own name. Prints its address.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const options = { path: process.argv[2], protocol: 2 };
const pub = new Redis({ ...options, enableAutoPipelining: true });
const sub = new Redis(options);
const http = createServer();
const io = new Server(http, { perMessageDeflate: false, serveClient: false, adapter: createAdapter(pub, sub) });

io.on("connection", (socket) => {
  socket.join(socket.handshake.auth.token);
  socket.on("tell", ({ to, text }, ack) => {
    io.to(to).emit("told", { text });
    ack({ ok: true });
  });
  socket.emit("session:ready", {});
});

http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
