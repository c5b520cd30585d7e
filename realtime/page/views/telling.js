/** What one wants to be told, and when not to be woken. Each change counts at once; there is nothing to press. */

import { byId, clearErrors, errorAbove, h, show, showError, text } from "./dom.js";

/** The kinds that there are today and that one may turn off, in our words. */
const KINDS = {
  friend_request: "Somebody wants to be your friend",
  friend_accepted: "Somebody said yes to you",
  missed_call: "You missed a call",
};
const NIGHT = { quiet_from: "22:00", quiet_to: "07:00" };

export function tellingView({ settings, store }) {
  const saved = h("span", { role: "status" });
  const hours = h("div", { class: "pair" }, time("quiet_from", "From"), time("quiet_to", "To"));
  const form = h(
    "form",
    { id: "telling", class: "card", "aria-labelledby": "telling-title" },
    h("h2", { id: "telling-title" }, "What you want to be told"),
    errorAbove(),
    h("fieldset", { class: "choices" }, h("legend", {}, "News about"), ...Object.entries(KINDS).map(([kind, words]) => check(`kind-${kind}`, words))),
    h("fieldset", { class: "choices" }, h("legend", {}, "While you are away"), check("push", "Send it to my devices"), check("email", "Send me a mail"), check("quiet", "Quiet hours")),
    hours,
    h("p", { class: "hint" }, "In quiet hours nothing is sent; what you have not read by then comes afterwards. They are in your time zone, as above. ", saved),
  );
  byId("settings").after(form);
  const fields = form.elements;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => change({ ...zone(target.name), notifications: said(target) }));

  /** Hours are nothing without a zone: where none was chosen it is this device's from now on. */
  function zone(name) {
    const none = name.startsWith("quiet") && store.state.settings.time_zone === null;
    return none ? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : {};
  }

  async function change(changes) {
    clearErrors(form);
    text(saved, "");
    try {
      await settings.change(changes);
      text(saved, "Saved.");
    } catch (error) {
      showError(form, error);
    }
  }

  function fill({ push, email, kinds, quiet_from = null, quiet_to = null }) {
    [fields.push.checked, fields.email.checked] = [push, email];
    for (const kind of Object.keys(KINDS)) fields[`kind-${kind}`].checked = kinds[kind] ?? true;
    fields.quiet.checked = quiet_from !== null && quiet_to !== null;
    show(hours, fields.quiet.checked);
    [fields.quiet_from.value, fields.quiet_to.value] = [quiet_from ?? "", quiet_to ?? ""];
  }

  let filled = null;
  return (state) => {
    show(form, state.account === "in");
    if (state.place.name !== "profile" || filled === state.settings) return;
    fill((filled = state.settings).notifications);
  };
}

/** What a field says, as the server takes it. */
function said({ name, checked, value }) {
  if (name === "quiet") return checked ? NIGHT : { quiet_from: null, quiet_to: null };
  if (name.startsWith("kind-")) return { kinds: { [name.slice("kind-".length)]: checked } };
  return { [name]: name.startsWith("quiet_") ? value || null : checked };
}

function check(name, words) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name }), words);
}

function time(name, words) {
  return h("label", {}, words, h("input", { type: "time", name }));
}
