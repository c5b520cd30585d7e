/** What the page says of photos and friends. Pure. */

import { own } from "./news-words.js";
import { counted, filled, words } from "./texts.js";
import { dateAndTime, notice, percent } from "./words.js";

/** `photo 2 of 4` */
export function placed(list, at, count) {
  return filled(words.photos[list].placed, { at: at + 1, count });
}

/** What is asked before one of them is deleted. */
export function removing(list) {
  return words.photos[list].removing;
}

/** How far an upload is. */
export function progress({ phase, sent, list, why }) {
  const t = words.photos;
  if (phase === "waiting") return t.waiting;
  if (phase === "sending") return filled(t.sending, { percent: percent(sent) });
  return phase === "reading" ? t[list].reading : refusal(why);
}

/** Why a file was not taken: of the file itself the server says what is wrong with it. */
export function refusal({ code, message, details = {}, retryAfterMs }) {
  const t = words.photos;
  if (code === "invalid_request" && details.field === "purpose") return t.not_taken;
  if (code === "invalid_request" && details.field === "file") return t.refusals[details.reason] ?? message;
  if (code === "payload_too_large" && details.max_bytes) return filled(t.too_large, { megabytes: Math.floor(details.max_bytes / 1_048_576) });
  return notice(code, retryAfterMs);
}

/** What to know of one's own photo or video beside itself; nothing where all is as it should be. */
export function standing({ state, reason }) {
  const t = words.photos;
  if (state === "processing") return t.unseen;
  if (state === "refused") return reason ? filled(t.refused_for, { reason: own(reason) }) : t.refused;
  return "";
}

/** Whether somebody is there; of whom nothing is known, nothing. */
export function presence(known, settings) {
  if (!known) return "";
  const t = words.presence;
  return t.status[known.status] ?? (known.last_seen ? filled(t.last, { at: dateAndTime(known.last_seen, settings) }) : t.offline);
}

/** Why somebody is suggested. */
export function suggested({ reason, count }) {
  return reason === "contact" ? words.friends.contact : counted(words.friends.of_friends, count);
}

/** What is asked before somebody is a friend no longer. */
export function unfriending({ user, connection_id }) {
  return filled(connection_id ? words.friends.unfriending_connected : words.friends.unfriending, { name: user.display_name });
}
