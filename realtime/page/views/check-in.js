/** Checking in at a place: by where one is, or by the code that is shown there; and what came of it. */

import { codeIn, reached, whereIn } from "../journey-state.js";
import { counted, filled, words } from "../texts.js";
import { h, section, show, text } from "./dom.js";
import { scans } from "./scans.js";

const MOODS = ["calm", "neutral", "motivated", "anxious"];

export function checkInView({ store, trip }) {
  const t = words.check_in;
  const place = section("check-in", t.title);
  const where = h("p", { class: "figure" });
  const mood = h("select", { name: "mood" }, h("option", { value: "" }, t.no_mood), ...MOODS.map((value) => h("option", { value }, t.moods[value])));
  const note = h("textarea", { rows: 2, maxLength: 1000 });
  const here = h("button", { type: "button", class: "primary" }, t.here);
  const code = h("input", { autocomplete: "off", spellcheck: false, required: true, maxLength: 500 });
  const camera = scans((found) => scanned(codeIn(found)));
  const byCode = h("form", {}, camera.element, h("label", {}, t.code, code), h("button", { class: "quiet" }, t.by_code));
  const form = h("div", { class: "card" }, h("label", {}, t.mood, mood), h("label", {}, t.note, note), here, h("p", { class: "hint" }, t.position), byCode);
  const done = h("div", { class: "card visit", role: "status", hidden: true });
  const trouble = h("p", { class: "wrong", role: "alert", hidden: true }, t.nowhere);
  place.append(where, form, done);
  here.after(trouble);
  const more = () => ({ ...(mood.value && { mood: mood.value }), ...(note.value.trim() && { note: note.value.trim() }) });
  here.addEventListener("click", () => trip.byPosition(more()));
  byCode.addEventListener("submit", (event) => {
    event.preventDefault();
    trip.byCode(codeIn(code.value), more());
  });
  let [opened, as] = [null, null];

  /** A code of this place checks in at once; one of another place leads there, with the code. */
  function scanned(said) {
    const found = whereIn(said);
    if (!found?.code) return false;
    if (found.place === store.state.visiting?.id) trip.byCode(found.code, more());
    else location.hash = `check-in/${found.code}`;
    return true;
  }

  return (state) => {
    const found = state.place.name === "check-in" ? whereIn(state.place.id) : null;
    const seen = state.account === "in" && found !== null;
    show(place, seen);
    if (!seen || state.visit?.check_in.counts) camera.close();
    if (!seen) opened = null;
    if (!seen) return;
    if (opened !== state.place.id) {
      opened = state.place.id;
      code.value = found.code ?? "";
      queueMicrotask(() => trip.visit(found.place)); // a view never changes the state while it is drawn
    }
    text(where, state.visiting?.name ?? "");
    show(form, state.visiting !== null && !state.visit?.check_in.counts);
    for (const button of form.querySelectorAll("button")) button.disabled = ["position", "code"].includes(state.seeking);
    show(trouble, state.seeking === "nowhere");
    text(here, state.seeking === "position" ? t.finding : t.here);
    show(done, state.visit !== null);
    const now = JSON.stringify(state.visit);
    if (now === as) return;
    as = now;
    done.replaceChildren(...(state.visit ? outcome(state.visit) : []));
  };
}

function outcome(visit) {
  const t = words.check_in;
  const { check_in, journey, rewards } = visit;
  if (!check_in.counts) return [h("p", {}, t.kept), h("p", {}, t.reasons[check_in.reason])];
  const names = reached(visit).map(({ id, title }) => words.journey.reach[id] ?? title);
  return [
    h("p", { class: "figure" }, t.counts),
    h("p", {}, counted(words.journey.days, journey.current_streak), " · ", filled(words.journey.level, { level: journey.level })),
    ...names.map((name) => h("p", { class: "reached" }, filled(t.reached, { name }))),
    ...rewards.map(({ title }) => h("p", { class: "reached" }, filled(t.earned, { title }))),
    h("a", { class: "button", href: "#journey" }, words.journey.title),
  ];
}
