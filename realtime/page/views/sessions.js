/** Where one is signed in: each device, from which network, and until when it was used; ended one by one, or all but this. */

import { device } from "../account-words.js";
import { filled, words } from "../texts.js";
import { dateAndTime, notice } from "../words.js";
import { arrange, h, show, text } from "./dom.js";
import { part, whileOwn } from "./own.js";

export function sessionsView({ account }) {
  const t = words.sessions;
  const list = h("ul", { class: "consents" });
  const all = h("button", { type: "button" }, t.everywhere);
  const said = h("p", { class: "hint", role: "status" });
  const card = part(t.title, list, h("div", { class: "row" }, all), said);
  const title = card.querySelector("h2");
  title.tabIndex = -1;
  all.addEventListener("click", () => trying(all, () => account.endOtherSessions(), t.all_out));

  /** What was pressed is gone then. */
  async function trying(button, act, done) {
    button.disabled = true;
    text(said, "");
    try {
      await act();
      text(said, done);
      title.focus();
    } catch (error) {
      text(said, notice(error.code, error.retryAfterMs));
    }
    button.disabled = false;
  }

  function item(session, settings) {
    const { id, user_agent, client, network, current, created_at, last_used_at } = session;
    const name = device(user_agent, client);
    const [first, last] = [created_at, last_used_at].map((at) => dateAndTime(at, settings));
    const about = [network && filled(t.from, { network }), filled(t.first, { at: first }), current ? null : filled(t.last, { at: last })].filter(Boolean).join(" · ");
    const who = h("span", { class: "who" }, h("b", {}, name), h("span", { class: "last" }, about));
    if (current) return h("li", {}, who, h("span", { class: "hint" }, t.this));
    const button = h("button", { type: "button", "aria-label": filled(t.out_of, { name, at: last }) }, t.out);
    button.addEventListener("click", () => trying(button, () => account.endSession(id), filled(t.was_out, { name })));
    return h("li", {}, who, button);
  }

  let drawn = "";
  const seen = whileOwn(() => text(said, ""));
  return (state) => {
    if (!seen(state)) return;
    const { sessions, settings } = state;
    const as = JSON.stringify([sessions, settings]);
    if (drawn === as) return;
    const own = [...(sessions ?? [])].sort((a, b) => Number(b.current) - Number(a.current));
    arrange(list, own.map((session) => item(session, settings)));
    show(all, own.length > 1);
    drawn = as;
  };
}
