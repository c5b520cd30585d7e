/** Who works at a place sees that somebody has checked in there today, and when, but not who; what is not true they flag. */

import { words } from "../texts.js";
import { timeOfDay } from "../words.js";
import { card, clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";

export function visitsCard({ rewards }) {
  const t = words.visits;
  const none = h("p", { class: "calm", role: "status" });
  const which = h("select", { name: "check_in", required: true });
  const reason = h("input", { name: "reason", required: true, maxLength: 500 });
  const form = h(
    "form", { noValidate: true, "aria-label": t.title }, errorAbove(), h("label", {}, t.which, which), h("label", {}, t.reason, reason),
    h("div", { class: "row" }, h("button", { class: "primary danger" }, t.flag)),
  );
  let [place, as] = [null, null];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, flag);
  });

  async function flag() {
    await rewards.flag(place, which.value, reason.value.trim());
    reason.value = "";
  }

  function look(id) {
    place = id;
    return rewards.visits(id);
  }

  /** Those of this place; they are read when it is another one. */
  function draw(id, { visits, settings }) {
    if (id !== place) queueMicrotask(() => look(id)); // a view never changes the state while it is drawn
    place = id;
    const items = visits?.place === id ? visits.items : null;
    if (items !== null && items === as) return;
    as = items;
    const told = ({ at, verified_by }) => `${timeOfDay(at, settings)}, ${t.by[verified_by]}`;
    which.replaceChildren(...(items ?? []).map((each) => h("option", { value: each.id }, told(each))));
    text(none, items === null ? words.rewards.wait : items.length ? "" : t.none);
    show(form, Boolean(items?.length));
  }

  function leave() {
    [place, as] = [null, null];
    clearErrors(form);
    form.reset();
  }

  return { element: card(t.title, none, form), draw, leave, look };
}
