/** What one wants to be told, and when not to be woken. Each change counts at once; there is nothing to press. */

import { words } from "../texts.js";
import { byId, clearErrors, errorAbove, h, show, showError, text } from "./dom.js";

/** The kinds that there are today and that one may turn off. */
const KINDS = [
  "friend_request",
  "friend_accepted",
  "missed_call",
  "video_request",
  "comment",
  "like",
  "milestone",
  "streak",
  "reward",
  "mentor_session",
];
const PUSHED = ["push_messages", "push_calls", "push_offers", "push_decisions"];
const AWAY = ["push", ...PUSHED, "email", "quiet"];
const NIGHT = { quiet_from: "22:00", quiet_to: "07:00" };

export function tellingView({ settings, store }) {
  const t = words.telling;
  const saved = h("span", { role: "status" });
  const hours = h("div", { class: "pair" }, time("quiet_from", t.from), time("quiet_to", t.to));
  const form = h(
    "form",
    { id: "telling", class: "card", "aria-labelledby": "telling-title" },
    h("h2", { id: "telling-title" }, t.title),
    errorAbove(),
    h("fieldset", { class: "choices" }, h("legend", {}, t.about), ...KINDS.map((kind) => check(`kind-${kind}`, t[kind]))),
    h("fieldset", { class: "choices" }, h("legend", {}, t.away), ...AWAY.map((name) => check(name, t[name]))),
    hours,
    h("p", { class: "hint" }, t.hint, " ", saved),
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

  let last = null;
  async function change(changes) {
    last = changes;
    clearErrors(form);
    text(saved, "");
    try {
      await settings.change(changes);
      if (last === changes) text(saved, t.saved); // else there is more to save
    } catch (error) {
      showError(form, error);
    }
  }

  function fill({ push, email, kinds, quiet_from = null, quiet_to = null, ...pushed }) {
    [fields.push.checked, fields.email.checked] = [push, email];
    for (const name of PUSHED) fields[name].checked = pushed[name] ?? name !== "push_offers";
    for (const kind of KINDS) fields[`kind-${kind}`].checked = kinds[kind] ?? true;
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

function check(name, said) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name }), said);
}

function time(name, said) {
  return h("label", {}, said, h("input", { type: "time", name }));
}
