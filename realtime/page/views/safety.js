/** Past calls and the list of blocks: whoever was met can be reported and blocked later, and unblocked. */

import { filled, words } from "../texts.js";
import { verdictWords } from "../verdict-words.js";
import { dateAndTime, duration } from "../words.js";
import { arrange, avatar, byId, h, show, text } from "./dom.js";

export function safetyView({ store, safety }) {
  byId("calls-more").addEventListener("click", () => safety.loadCalls({ more: true }));
  let drawn = {};

  return (state) => {
    const seen = state.account === "in" && state.place.name === "safety";
    show(byId("safety"), seen);
    if (!seen) return;
    const { calls, blocks, settings } = state;
    if (drawn.calls !== calls || drawn.settings !== settings) drawCalls(calls, settings, store);
    if (drawn.blocks !== blocks || drawn.settings !== settings) drawBlocks(blocks, settings, safety);
    drawn = { calls, blocks, settings };
  };
}

function drawCalls(calls, settings, store) {
  const list = byId("calls-list");
  text(byId("calls-text"), calls?.items.length === 0 ? words.safety.nobody_talked : words.safety.choose);
  show(byId("calls-more"), Boolean(calls?.next_cursor));
  arrange(list, (calls?.items ?? []).map((call) => kept(list, [call, settings], () => pastCall(call, settings, store))));
}

/** The item that is in the list already, or a new one: where the keyboard is, it stays. */
function kept(list, what, make) {
  const of = JSON.stringify(what);
  const item = [...list.children].find((child) => child.dataset.of === of) ?? make();
  item.dataset.of = of;
  return item;
}

function pastCall({ call_id, peer, mode, started_at, ended_at, verdict, ...call }, settings, store) {
  const missed = started_at === null;
  const how = [dateAndTime(started_at ?? ended_at, settings), words.safety[mode], ...callWords(call, missed)].join(" · ");
  const button = h("button", { type: "button" }, ...who(peer, how, verdict ? verdictWords(verdict) : ""));
  button.addEventListener("click", () => store.dispatch("page:person", { peer, call_id, missed }));
  return h("li", {}, button);
}

/** Who called whom, among those who know each other, and how long they talked, or why they did not. */
function callWords({ origin, outgoing, reason, duration_s }, missed) {
  const t = words.safety;
  const direct = origin === "direct";
  const way = direct ? [outgoing ? t.outgoing : t.incoming] : [];
  if (!missed) return [...way, duration(duration_s)];
  if (direct && !outgoing && reason !== "declined") return [t.missed];
  return [...way, { declined: t.declined, cancelled: t.cancelled }[direct && reason] ?? t.not_answered];
}

function drawBlocks(blocks, settings, safety) {
  const list = byId("blocks-list");
  const within = list.contains(document.activeElement);
  text(byId("blocks-text"), blocks?.length === 0 ? words.safety.nobody : words.safety.apart);
  arrange(list, (blocks ?? []).map((block) => kept(list, [block, settings], () => blocked(block, settings, safety))));
  if (within && !list.contains(document.activeElement)) byId("blocks-title").focus(); // whom they unblocked is gone
}

function blocked(block, settings, safety) {
  const name = block.display_name;
  const button = h("button", { type: "button", "aria-label": filled(words.safety.unblock_name, { name }) }, words.safety.unblock);
  button.addEventListener("click", () => safety.unblock(block.user_id));
  return h("li", {}, ...who(block, filled(words.safety.since, { at: dateAndTime(block.created_at, settings) })), button);
}

/** Somebody in a list: their initials, their name, and a line below; and why it went as it did. */
function who(card, below, why = "") {
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, card);
  const more = why ? [h("span", { class: "last why" }, why)] : [];
  return [face, h("span", { class: "who" }, h("b", {}, card.display_name), h("span", { class: "last" }, below), ...more)];
}
