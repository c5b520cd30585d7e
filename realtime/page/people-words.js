/** The page's words for photos and friends. Pure. */

import { dateAndTime, notice } from "./words.js";

const KINDS = { photos: "photo", videos: "video" };

/** `photo 2 of 4` */
export function placed(list, at, count) {
  return `${KINDS[list]} ${at + 1} of ${count}`;
}

/** What is asked before one of them is deleted. */
export function removing(list) {
  return `Remove this ${KINDS[list]}? It is deleted, and cannot be brought back.`;
}

/** How far an upload is. */
export function progress({ phase, sent, list, why }) {
  if (phase === "waiting") return "Waiting for the one before…";
  if (phase === "sending") return `Sending… ${Math.floor(sent * 100)} %`;
  if (phase === "reading") return `Sent. The ${KINDS[list]} is being prepared…`;
  return refusal(why);
}

/** Why a file was not taken: of the file itself the server says what is wrong with it. */
function refusal({ code, message, details = {}, retryAfterMs }) {
  if (code === "invalid_request" && details.field === "purpose") return "Photos are not taken here at the moment: nobody is there to look at them.";
  if (code === "invalid_request" && details.field === "file") return message;
  if (code === "payload_too_large" && details.max_bytes) return `This file is too large: it may have ${Math.floor(details.max_bytes / 1_048_576)} MB.`;
  return notice(code, retryAfterMs);
}

/** What to know of one's own photo or video beside itself; nothing where all is as it should be. */
export function standing({ state, reason }) {
  if (state === "processing") return "Only you see it until it is looked at.";
  if (state === "refused") return `Nobody else sees it: it was refused${reason ? ` (${reason})` : ""}.`;
  return "";
}

const STATUS = {
  online: "Online",
  away: "Away",
  queuing: "Looking for someone",
  in_call: "In a call",
};

/** Whether somebody is there; of whom nothing is known, nothing. */
export function presence(known, settings) {
  if (!known) return "";
  if (STATUS[known.status]) return STATUS[known.status];
  return known.last_seen ? `Last here ${dateAndTime(known.last_seen, settings)}` : "Offline";
}

/** Why somebody is suggested. */
export function suggested({ reason, count }) {
  if (reason === "contact") return "In your contacts";
  return count === 1 ? "A friend of one of your friends" : `A friend of ${count} of your friends`;
}

/** What is asked before somebody is a friend no longer. */
export function unfriending({ user, connection_id }) {
  const chat = connection_id ? "You stay connected from your call, and can go on writing to each other." : "You can still read your chat, but not write any more.";
  return `Remove ${user.display_name} from your friends? ${chat}`;
}
