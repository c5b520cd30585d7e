/** Where one is signed in: each device, from which network, and until when it was used; ended one by one, or all but this. */

import { device } from "../account-words.js";
import { dateAndTime, notice } from "../words.js";
import { arrange, h, show, text } from "./dom.js";
import { part, whileOwn } from "./own.js";

export function sessionsView({ account }) {
  const list = h("ul", { class: "consents" });
  const all = h("button", { type: "button" }, "Sign out everywhere else");
  const said = h("p", { class: "hint", role: "status" });
  const card = part("Where you are signed in", list, h("div", { class: "row" }, all), said);
  const title = card.querySelector("h2");
  title.tabIndex = -1;
  all.addEventListener("click", () => trying(all, () => account.endOtherSessions(), "All other devices were signed out."));

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
    const about = [network && `from ${network}`, `signed in on ${first}`, current ? null : `used until ${last}`].filter(Boolean).join(" · ");
    const words = h("span", { class: "who" }, h("b", {}, name), h("span", { class: "last" }, about));
    if (current) return h("li", {}, words, h("span", { class: "hint" }, "This one"));
    const button = h("button", { type: "button", "aria-label": `Sign out: ${name}, used until ${last}` }, "Sign out");
    button.addEventListener("click", () => trying(button, () => account.endSession(id), `${name} was signed out.`));
    return h("li", {}, words, button);
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
