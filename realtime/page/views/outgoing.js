/** A message on its way: what it shows, how far it is, and what can be done with it. */

import { refusal } from "../people-words.js";
import { filled, words } from "../texts.js";
import { percent } from "../words.js";
import { h } from "./dom.js";
import { previewed } from "./preview.js";

export function outgoing(one, room, chat) {
  const t = words.messages;
  const { file, preview, content, type, failed, waits: away } = one;
  const name = h("p", {}, h("i", {}, type === "voice" ? t.kinds.voice : (file?.name ?? "")));
  const shown = preview ? [previewed(preview, name, { alt: t.kinds.image })] : file ? [name] : [];
  const item = h("li", { class: `mine ${failed ? "failed" : "sending"}` }, h("div", { class: "bubble" }, ...shown, ...(content ? [h("p", {}, content)] : [])), h("small"));
  const does = (said, action) => {
    const made = h("button", { type: "button", class: "link" }, said);
    made.addEventListener("click", action);
    return made;
  };
  const forget = does(t.forget, () => chat.forget(room.id, one));
  if (failed) item.append(h("span", { class: "row" }, does(words.messages.again, () => chat.again(room.id, one)), forget));
  else if (file || away) item.append(forget);
  return item;
}

/** How far it is, or why it was not sent. */
export function waits({ failed, why, sent, file, waits: away }) {
  if (failed) return filled(words.messages.not_sent, { why: refusal(why) });
  if (away) return words.messages.waits;
  return file && sent ? filled(words.photos.sending, { percent: percent(sent) }) : words.messages.sending;
}
