/** One's sessions, with mentors and as one: those that are ahead, what became of the others, and what can be done with each. */

import { coming, deeds, isMentor, otherOf, time } from "../mentor-words.js";
import { failure, serverTime } from "../state.js";
import { filled, words } from "../texts.js";
import { arrange, avatar, byId, card, errorAbove, h, keepKeyboard, show, submitting, text } from "./dom.js";
import { pressed } from "./friends.js";
import { slotsForm } from "./slots.js";

const FREE = ["lobby", "over"];

export function mentorSessionsView({ store, mentors, calling }) {
  const t = words.mentors;
  const [list, before] = [t.yours, t.earlier].map((label) => h("ul", { class: "sessions", "aria-label": label }));
  const [said, none] = [h("p", { class: "hint", role: "status" }), h("p", { class: "calm" }, t.none_yet)];
  const title = h("h3", {}, t.earlier);
  const more = pressed(t.more, t.more, "quiet", () => attempt(loadEarlier));
  const element = card(t.yours, none, list, said, title, before, more);
  element.querySelector("h2").tabIndex = -1;
  byId("mentors").querySelector("h1").after(element);
  const items = new Map();
  let [looked, known, past, cursor, wanted] = [false, [], [], null, 0];
  mentors.onChange(() => looked && attempt(load));

  async function attempt(action) {
    try {
      await action();
    } catch (error) {
      store.dispatch("page:notice", failure(error));
    }
  }

  async function load() {
    const own = (wanted += 1);
    const [ahead, page] = await Promise.all([mentors.sessions("scheduled"), mentors.earlier()]);
    if (own !== wanted) return;
    [known, past, cursor] = [coming(ahead), settled(page.items), page.next_cursor];
    draw(store.state, Date.now());
  }

  async function loadEarlier() {
    const own = (wanted += 1);
    const page = await mentors.earlier(cursor);
    if (own !== wanted) return;
    [past, cursor] = [[...past, ...settled(page.items)], page.next_cursor];
    draw(store.state, Date.now());
  }

  /** What became of a session, or what one has said of it. */
  async function change(session, changes, done) {
    await mentors.change(session, changes);
    await load();
    text(said, done);
    if (!element.contains(document.activeElement)) element.querySelector("h2").focus(); // what was pressed is gone
  }

  function draw(state, now) {
    const made = (session) => {
      const { id } = session;
      if (!items.has(id)) items.set(id, sessionItem({ store, mentors, calling, change, attempt }));
      return items.get(id).draw(session, state, serverTime(state, now));
    };
    arrange(list, known.map(made));
    arrange(before, past.map(made));
    show(none, known.length === 0 && past.length === 0);
    for (const each of [title, before]) show(each, past.length > 0);
    show(more, cursor !== null);
  }

  return (state, now) => {
    const seen = state.account === "in" && state.place.name === "mentors" && !state.place.id;
    show(element, seen);
    if (seen && !looked) queueMicrotask(() => attempt(load)); // a view never changes the state while it is drawn
    if (!seen && looked) forget();
    looked = seen;
    if (seen) draw(state, now);
  };

  function forget() {
    [known, past, cursor, wanted] = [[], [], null, wanted + 1];
    items.clear();
    text(said, "");
    for (const each of [list, before]) each.replaceChildren();
  }
}

function settled(sessions) {
  return sessions.filter(({ status }) => status !== "scheduled");
}

/** One of them. What is written there, or chosen, stays while it changes. */
function sessionItem({ store, mentors, calling, change, attempt }) {
  const t = words.mentors;
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  const [name, facts, row] = [h("b"), h("span", { class: "last" }), h("div", { class: "row" })];
  const late = h("p", { class: "hint" }, t.late);
  const notes = notesOf({ change: (changes) => change(session, changes, t.noted) });
  const moving = slotsForm({ store, mentors, label: t.deeds.move, does: t.deeds.move, take: (slot) => change(session, { starts_at: slot.starts_at }, t.moved).then(close) });
  const item = h("li", {}, h("div", { class: "session" }, face, h("span", { class: "who" }, name, facts)), late, row, moving.element, notes.element);
  show(moving.element, false);
  let [session, as, buttons] = [null, null, []];

  const settle = (status, asking) => () => confirm(filled(asking, { name: name.textContent })) && attempt(() => change(session, { status }, t.statuses[status]));
  const ring = (mode) => () => calling.meet(session, otherOf(session, store.state.me.id), mode);
  const ACTS = {
    voice: ["primary", words.calling.voice, ring("voice")],
    video: ["primary", words.calling.video, ring("video")],
    move: ["", t.which, open],
    cancel: ["", t.which, settle("cancelled", t.cancelling)],
    completed: ["", t.which, settle("completed", t.completing)],
    "no-show": ["quiet", t.which, settle("no-show", t.missing)],
  };

  function open() {
    const shown = moving.element.hidden;
    show(moving.element, shown);
    if (shown) moving.open(session.mentor_id);
  }

  function close() {
    show(moving.element, false);
    moving.clear();
    keepKeyboard();
  }

  function button(deed) {
    const [kind, label, act] = ACTS[deed];
    return pressed(t.deeds[deed], filled(label, { does: t.deeds[deed], name: name.textContent }), kind, act);
  }

  function draw(found, state, now) {
    const can = deeds(found, state.me.id, now);
    const busy = !FREE.includes(state.encounter.phase) || state.link !== "online";
    const is = JSON.stringify([found, can, state.settings]);
    if (is !== as) {
      [session, as] = [found, is];
      const other = otherOf(found, state.me.id);
      avatar(face, other);
      text(name, other.display_name);
      text(facts, about(found, state));
      notes.draw(found.notes ?? "");
      show(late, can.includes("late"));
      if (!can.includes("move") && !moving.element.hidden) close();
      const within = row.contains(document.activeElement);
      const links = [...(can.includes("review") ? [h("a", { class: "button", href: `#mentors/${found.mentor_id}` }, t.review)] : []), ...where(found)];
      buttons = can.filter((deed) => deed in ACTS).map((deed) => [deed, button(deed)]);
      row.replaceChildren(...buttons.map(([, made]) => made), ...links);
      if (within) row.firstElementChild?.focus();
    }
    for (const [deed, made] of buttons) made.disabled = busy && ["voice", "video"].includes(deed);
    return item;
  }

  return { draw };
}

function about(session, { settings, me }) {
  const t = words.mentors;
  const { type, status } = session;
  const role = isMentor(session, me.id) ? t.as_mentor : "";
  return [time(session, settings), t.types[type], status === "scheduled" ? "" : t.statuses[status], role].filter(Boolean).join(" · ");
}

function where({ location_id: id, status }) {
  return id && status === "scheduled" ? [h("a", { class: "button", href: `#places/${id}` }, words.mentors.where)] : [];
}

/** One's own notes. What is being written is not written over. */
function notesOf({ change }) {
  const t = words.mentors;
  const field = h("textarea", { name: "notes", rows: 3, maxLength: 4000, "aria-label": t.notes });
  const form = h("form", { noValidate: true }, errorAbove(), h("label", {}, field), h("div", { class: "row" }, h("button", { class: "primary" }, t.keep)));
  const element = h("details", {}, h("summary", {}, t.notes), form);
  let kept = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => change({ notes: field.value.trim() || null }));
  });

  function draw(notes) {
    if (notes === kept) return;
    if (kept === null || field.value === kept || field.value.trim() === notes) field.value = notes;
    kept = notes;
  }

  return { element, draw };
}
