/** A bell at the head of a room: whether what is said there reaches devices that are not in use. What it offers is made when it is opened. */

import { quietUntil } from "../rooms-state.js";
import { failure } from "../state.js";
import { filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { byId, h, show } from "./dom.js";
import { icon } from "./icons.js";

const CHOICES = { hour: 3_600, night: 28_800, week: 604_800, always: null };

export function muting({ store, chat, room }) {
  const t = words.muting;
  const button = h("button", { type: "button", class: "round", "aria-expanded": "false" });
  const panel = h("div", { class: "muting", role: "group", "aria-label": t.title, hidden: true });
  byId("room-more").before(button);
  byId("room-more").closest("header").after(panel);
  let drawn = null;

  const set = (open) => {
    show(panel, open);
    button.setAttribute("aria-expanded", String(open));
  };
  const close = () => {
    if (panel.hidden) return;
    const within = panel.contains(document.activeElement);
    set(false);
    if (within) button.focus();
  };
  const does = (said, action) => {
    const made = h("button", { type: "button" }, said);
    made.addEventListener("click", () => {
      close();
      action().catch((error) => store.dispatch("page:notice", failure(error)));
    });
    return made;
  };
  const told = (until, settings) => (until === Infinity ? t.always_so : filled(t.so, { at: dateAndTime(new Date(until).toISOString(), settings) }));

  function offers() {
    const { id } = room();
    const until = quietUntil(room(), Date.now() + store.state.skew);
    if (until) return [h("p", {}, told(until, store.state.settings)), h("div", { class: "row" }, does(t.undo, () => chat.unmute(id)))];
    const hint = h("p", { class: "hint" }, room().kind === "group" ? t.group_hint : t.hint);
    return [h("p", {}, t.ask), h("div", { class: "row" }, ...Object.entries(CHOICES).map(([name, for_s]) => does(t[name], () => chat.mute(id, for_s)))), hint];
  }

  button.addEventListener("click", () => {
    if (!panel.hidden) return close();
    panel.replaceChildren(...offers());
    set(true);
    panel.querySelector("button").focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // this is left, and not the room
    close();
  });

  const draw = (current, now, settings) => {
    const until = current.active ? quietUntil(current, now) : 0;
    show(button, current.active);
    const as = [current.id, until, settings].join();
    if (drawn === as) return;
    drawn = as;
    button.replaceChildren(icon(until ? "bell_off" : "bell"));
    button.setAttribute("aria-label", until ? `${t.title}: ${told(until, settings)}` : t.title);
  };
  return { draw, close };
}
