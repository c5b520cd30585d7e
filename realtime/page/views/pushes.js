/** Whether this browser shows notifications while the page is closed; and how much is unread, at the icon of a page that was installed. */

import { waiting } from "../friends-state.js";
import { unreadInAll } from "../state.js";
import { words } from "../texts.js";
import { byId, clearErrors, errorAbove, h, show, showError, text } from "./dom.js";

export function pushesView({ pushes }) {
  const t = words.pushes;
  const hint = h("p", { class: "hint", role: "status" });
  const button = h("button", { type: "submit" });
  const form = h(
    "form",
    { id: "pushes", class: "card", "aria-labelledby": "pushes-title" },
    h("h2", { id: "pushes-title" }, t.title),
    errorAbove(),
    hint,
    button,
  );
  byId("telling").after(form);
  let [failed, named, counted] = [false, null, null];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    [failed, button.disabled] = [false, true];
    try {
      await (pushes.state === "on" ? pushes.turnOff() : pushes.turnOn());
    } catch (error) {
      if (typeof error.code === "string") showError(form, error);
      else failed = true; // the browser's own, in its own words
    }
    button.disabled = false;
    draw();
  });

  function draw() {
    text(hint, failed ? t.failed : t[pushes.state]);
    text(button, pushes.state === "on" ? t.turn_off : t.turn_on);
    show(button, pushes.state !== "refused");
  }

  return (state) => {
    const user = state.account === "in" ? state.me.id : null;
    if (user && user !== named) pushes.keep();
    named = user;
    const unread = user ? unreadInAll(state) + waiting(state) + state.news.unread : 0;
    if (unread !== counted) navigator.setAppBadge?.(unread).catch(() => {}); // not everywhere
    counted = unread;
    const shown = user !== null && pushes.possible;
    show(form, shown);
    if (shown && state.place.name === "profile") draw();
  };
}
