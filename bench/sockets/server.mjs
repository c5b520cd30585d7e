// Node's own Socket.IO server with the handlers of server.py, for the benchmark. Prints its port.
import { createServer } from "node:http";
import { Server } from "socket.io";

const settings = JSON.parse(process.argv[2] ?? "{}");
const http = createServer();
const io = new Server(http, {
  pingInterval: settings.pingInterval ?? 25000,
  pingTimeout: settings.pingTimeout ?? 20000,
  serveClient: false,
});

function handle(socket, namespace) {
  socket.on("echo", (value, ack) => ack(value));
  socket.on("later", async (value, ack) => {
    await new Promise((resolve) => setImmediate(resolve));
    ack(value);
  });
  socket.on("relay", (to, value) => namespace.to(to).emit("relayed", value));
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack(true);
  });
  socket.on("broadcast", (room, value) => namespace.to(room).emit("news", value));
}

io.on("connection", (socket) => handle(socket, io));
const classes = io.of("/class");
classes.on("connection", (socket) => handle(socket, classes));

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.resume().on("end", () => process.exit(0));
