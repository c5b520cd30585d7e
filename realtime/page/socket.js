/** The official client in a file of its own: who is not signed in does not wait for it. */
export { io } from "socket.io-client";
