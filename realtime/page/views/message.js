/** One message: who has said it, what it answers, what it shows, and what can be done with it. */

import { fileName, nameIn, said, speaker } from "../chat-words.js";
import { sizeWords } from "../data-words.js";
import { filled, words } from "../texts.js";
import { dateAndTime, notice, when } from "../words.js";
import { flag, h, show } from "./dom.js";
import { photo, video } from "./picture.js";
import { voice } from "./voice.js";

const HELD_MS = 600;

/**
 * `state`: what is known of its way, `by`: whose name stands above it. `acts` are `{report, reply, edit, remove, changeable, receipts,
 * toOriginal}`, each told the message.
 */
export function spoken(message, { mine, state, by, room, me, now, settings, acts }) {
  const name = mine ? words.messages.you : nameIn(room, message.sender_id);
  const gone = Boolean(message.deleted_at);
  const parts = [...(gone ? [] : answered(message, room, me, acts)), ...(gone ? [] : shown(message, name))];
  const spokenWords = gone ? [h("p", {}, h("i", {}, words.messages.deleted))] : message.content ? [h("p", {}, message.content)] : [];
  const does = gone || !(mine || room.active) ? [] : doing(message, { mine, room, settings, acts });
  const item = h("li", { class: mine ? "mine" : "theirs" }, by ? h("b", { class: "by" }, by) : h("span", { class: "unseen" }, `${speaker(room, message.sender_id, me)}: `), h("div", { class: "bubble" }, ...parts, ...spokenWords));
  if (!mine && !gone) reportable(item, () => acts.report(message));
  item.append(h("div", { class: "below" }, h("small", {}, told(message, { state, now, settings })), ...does));
  return item;
}

/** When it was said, and what is known of its way. */
export function told({ created_at, edited_at, deleted_at }, { state, now, settings }) {
  return [when(created_at, now, settings), edited_at && !deleted_at && words.messages.edited, state].filter(Boolean).join(" · ");
}

/** What it is a reply to; pressing it leads there. */
function answered({ reply, reply_to }, room, me, acts) {
  const t = words.messages;
  if (!reply_to) return [];
  if (!reply) return [h("p", { class: "replied" }, t.unseen)];
  const about = { name: speaker(room, reply.sender_id, me), message: said(reply) };
  const button = h("button", { type: "button", class: "replied", "aria-label": filled(t.to_original, about) }, h("b", {}, about.name), h("span", {}, about.message));
  button.addEventListener("click", () => acts.toOriginal(reply.seq));
  return [button];
}

/** Its picture, video, sound or file. */
function shown({ type, media, waveform }, name) {
  const t = words.messages;
  if (!media) return type === "text" || type === "system" ? [] : [h("p", {}, h("i", {}, t.kinds[type] ?? ""))];
  const label = filled(t.shown, { kind: t.kinds[type], name });
  if (type === "image") {
    const picture = reserved(photo(media, { alt: label, wide: "20rem" }), media);
    return [h("a", { class: "picture", href: media.urls.original ?? media.urls.s1280 ?? "", target: "_blank", rel: "noopener", "aria-label": filled(t.open, { name }) }, picture)];
  }
  if (type === "video") return [reserved(video(media, { label }), media)];
  if (type === "voice") return [voice(media, waveform ?? [], label)];
  const size = sizeWords(media.size);
  const file = fileName(media);
  return [h("a", { class: "button file", href: media.urls.original ?? "", download: media.name ?? "", "aria-label": filled(t.download, { file, size }) }, h("bdi", { title: file }, file), h("span", {}, size))];
}

/** It has its place before it comes: nothing moves then. */
function reserved(element, { width = 3, height = 4 }) {
  element.style.setProperty("--wide", width);
  element.style.setProperty("--tall", height);
  return element;
}

/** Behind one button: answering, changing, deleting, and who has read it. What opens is made when it does. */
function doing(message, how) {
  const more = h("button", { type: "button", class: "quiet more", "aria-label": words.messages.more, "aria-expanded": "false" }, "⋯");
  const panel = h("div", { class: "acts", hidden: true });
  const set = (open) => {
    show(panel, open);
    more.setAttribute("aria-expanded", String(open));
  };
  const close = () => {
    set(false);
    more.focus();
  };
  more.addEventListener("click", () => {
    set(panel.hidden);
    if (panel.hidden) return;
    panel.replaceChildren(...offered(message, how, close));
    panel.scrollIntoView({ block: "nearest" });
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // these are left, and not the room
    close();
  });
  return [more, panel];
}

/** Those who have written it may change it for some time only. */
function offered(message, { mine, room, settings, acts }, close) {
  const t = words.messages;
  const readers = h("p", { class: "hint", role: "status" });
  const button = (does, action, stays = false) => {
    const made = h("button", { type: "button", class: "quiet" }, does);
    made.addEventListener("click", () => {
      if (!stays) close();
      action(message);
    });
    return made;
  };
  const who = async () => {
    try {
      const receipts = await acts.receipts(message);
      readers.textContent = receipts.map((one) => seenBy(one, room, settings)).filter(Boolean).join(" · ") || t.nobody;
    } catch ({ code, retryAfterMs }) {
      readers.textContent = notice(code, retryAfterMs);
    }
    readers.scrollIntoView({ block: "nearest" });
  };
  const saysSomething = message.type === "text" || message.content;
  const does = [];
  if (room.active) does.push(button(t.reply, acts.reply));
  if (mine && acts.changeable(message)) does.push(...(saysSomething ? [button(t.edit, acts.edit)] : []), button(t.remove, acts.remove));
  if (mine) does.push(button(t.who, who, true));
  return [h("div", { class: "row" }, ...does), readers];
}

function seenBy({ user_id, read_at, delivered_at }, room, settings) {
  const t = words.messages;
  const at = read_at ?? delivered_at;
  return at ? filled(read_at ? t.read_at : t.delivered_at, { name: nameIn(room, user_id), at: dateAndTime(at, settings) }) : "";
}

/** A message of the other can be reported: by its button, or where it is held by a finger for a moment. */
function reportable(item, report) {
  const button = h("button", { type: "button", class: "quiet", "aria-label": words.messages.report }, flag());
  button.addEventListener("click", report);
  item.append(button);
  let held;
  item.addEventListener("pointerdown", ({ pointerType, target }) => {
    if (pointerType === "touch" && !target.closest("button, a, input, video")) held = setTimeout(report, HELD_MS);
  });
  for (const over of ["pointerup", "pointercancel", "pointerleave"]) item.addEventListener(over, () => clearTimeout(held));
}
