/** The calendar of a mentor: a week of what is free, of which one is chosen, for a new session or to move one. */

import { byDay, time, weekOf, weekWith, zone } from "../mentor-words.js";
import { filled, words } from "../texts.js";
import { errorAbove, h, show, submitting, text } from "./dom.js";
import { pressed } from "./friends.js";

/**
 * `does` is what its button says, `take(slot, type)` what it does; `types`: whether they choose how to meet. `open(id)` shows the first
 * week of this mentor in which something is free.
 */
export function slotsForm({ store, mentors, label, does, types = false, take }) {
  const t = words.mentors;
  const days = h("div", { class: "days" });
  const [where, none] = [h("p", { class: "hint", tabIndex: -1 }), h("p", { class: "calm", role: "status" })];
  const how = h("fieldset", { class: "chips", hidden: true });
  const [before, after] = [pressed(t.week_before, t.week_before, "quiet", () => turn(-1)), pressed(t.week_after, t.week_after, "quiet", () => turn(1))];
  const [chosen, send] = [h("p", { class: "chosen" }), h("button", { class: "primary", disabled: true }, does)];
  const form = h("form", { class: "slots", noValidate: true, "aria-label": label }, where, h("div", { class: "row" }, before, after), none, days, how, errorAbove(), chosen, h("div", { class: "row" }, send));
  let [id, at, free, slot, wanted] = [null, 0, [], null, 0];

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!slot) return;
    await submitting(form, attempt);
    send.disabled = slot === null;
  });
  days.addEventListener("change", ({ target }) => choose(free.find(({ starts_at }) => starts_at === target.value)));

  /** Somebody was faster, or it cannot be for another reason: what is free is shown anew. */
  async function attempt() {
    try {
      const type = types && slot.type.length > 1 ? how.querySelector(":checked").value : slot.type[0];
      await take(slot, type);
      await load();
    } catch (error) {
      if (error.code !== "conflict") throw error;
      await load();
      text(none, t.taken);
    }
  }

  function choose(found) {
    slot = found ?? null;
    text(chosen, slot ? time(slot, store.state.settings) : "");
    send.disabled = slot === null;
    show(how, types && slot?.type.length > 1);
    if (types && slot && how.dataset.of !== slot.type.join()) offer(slot.type);
  }

  function offer(several) {
    how.dataset.of = several.join();
    const chips = several.map((type, place) => h("label", {}, h("input", { type: "radio", name: "type", value: type, checked: place === 0 }), h("span", {}, t.types[type])));
    how.replaceChildren(h("legend", {}, t.type), ...chips);
  }

  function turn(weeks) {
    at += weeks;
    submitting(form, load).then(() => (send.disabled = slot === null));
  }

  async function load() {
    if (id === null) return; // it was closed meanwhile
    const own = (wanted += 1);
    const { settings } = store.state;
    const week = weekOf(Date.now(), at, settings);
    const within = days.contains(document.activeElement);
    days.inert = true; // what is chosen now would be gone with this week
    const found = await mentors.slots(id, week).finally(() => own === wanted && (days.inert = false));
    if (own !== wanted) return;
    free = found;
    const shown = byDay(free, week, settings);
    days.replaceChildren(...shown.map(ofDay));
    if (within) where.focus(); // what was pressed is gone
    before.disabled = at === 0;
    choose(null);
    text(where, filled(t.zone, { zone: zone(settings) }));
    text(none, shown.length ? "" : t.nothing_free);
  }

  async function open(mentorId) {
    clear();
    id = mentorId;
    const own = wanted;
    await submitting(form, async () => {
      const now = Date.now();
      const next = await mentors.nextSlot(mentorId, now);
      if (own !== wanted) return;
      at = next ? weekWith(Date.parse(next.starts_at), now, store.state.settings) : 0;
      await load();
    });
    send.disabled = slot === null;
  }

  function clear() {
    [id, at, free, wanted] = [null, 0, [], wanted + 1];
    days.replaceChildren();
    days.inert = false;
    text(none, "");
    choose(null);
  }

  return { element: form, open, clear };
}

function ofDay({ day, slots }) {
  const chips = slots.map(({ slot, time: begins }) => h("label", {}, h("input", { type: "radio", name: "slot", value: slot.starts_at }), h("span", {}, begins)));
  return h("fieldset", { class: "chips" }, h("legend", {}, day), ...chips);
}
