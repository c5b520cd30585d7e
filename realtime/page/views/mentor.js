/** A mentor: who they are, when they have time, booking a session, and what people say of them. */

import { distance } from "../location-words.js";
import { lasting, time } from "../mentor-words.js";
import { failure } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { about as aboutThem } from "../words.js";
import { avatar, byId, card, h, keepKeyboard, show, text } from "./dom.js";
import { pressed } from "./friends.js";
import { reviewing } from "./reviewing.js";
import { slotsForm } from "./slots.js";

export function mentorView({ store, mentors }) {
  const t = words.mentors;
  const shown = h("div", { class: "located" });
  const facts = card(t.about, shown);
  const said = reviewing({ store, source: mentors, says: t, changed: () => load(id) });
  const calendar = slotsForm({ store, mentors, label: t.book, does: t.book, types: true, take: book });
  const done = h("p", { role: "status" });
  const booking = card(t.calendar, h("p", { class: "calm" }), calendar.element, done);
  const back = h("a", { class: "button quiet", href: "#mentors" }, t.back);
  const all = h("div", { class: "located", hidden: true }, back, facts, booking, said.element);
  byId("mentors").append(all);
  let [id, mentor, wanted] = [null, null, 0];

  async function book(slot, type) {
    const session = await mentors.book(mentor, slot, type);
    text(done, filled(t.booked, { time: time(session, store.state.settings) }));
  }

  async function load(asked) {
    const own = (wanted += 1);
    try {
      const [found, reviews, completed] = await Promise.all([mentors.one(asked), mentors.reviews(asked), mentors.sessions("completed")]);
      if (own === wanted) draw(found, reviews, completed);
    } catch (error) {
      if (own !== wanted) return;
      store.dispatch("page:notice", failure(error));
      if (error.code === "not_found") text(facts.querySelector("h2"), t.gone);
    }
  }

  function draw(found, reviews, completed) {
    const first = mentor?.id !== found.id;
    const me = store.state.me?.id;
    const oneself = found.user.user_id === me;
    mentor = found;
    text(facts.querySelector("h2"), found.user.display_name);
    shown.replaceChildren(...described(found, () => store.dispatch("page:person", { peer: found.user, introduced: true }), oneself));
    said.draw(found, reviews, { may: completed.some(({ mentor_id, user }) => mentor_id === found.id && user.user_id === me) });
    const bookable = found.available && found.verified && !oneself;
    show(booking, !oneself);
    text(booking.querySelector("p"), bookable ? filled(t.lasts, { time: lasting(found.session_m) }) : t.unavailable);
    show(calendar.element, bookable);
    if (first && bookable) calendar.open(found.id);
    keepKeyboard();
  }

  return (state) => {
    const asked = state.account === "in" && state.place.name === "mentors" ? (state.place.id ?? null) : null;
    show(all, asked !== null);
    if (asked === id) return;
    [id, mentor, wanted] = [asked, null, wanted + 1];
    text(facts.querySelector("h2"), t.about);
    shown.replaceChildren();
    for (const each of [done, booking.querySelector("p")]) text(each, "");
    show(booking, false);
    calendar.clear();
    said.clear();
    if (id !== null) queueMicrotask(() => load(id));
  };
}

function described(mentor, meet, oneself) {
  const t = words.mentors;
  const face = h("span", { class: "avatar big", "aria-hidden": "true" });
  avatar(face, mentor.user);
  const { distance_m: metres, total_sessions: sessions } = mentor;
  const known = [t.ways[mentor.schedule_type], metres === undefined ? "" : distance(metres), sessions ? counted(t.sessions, sessions) : ""].filter(Boolean);
  const links = [
    ...(oneself ? [] : [pressed(t.card, filled(t.card_of, { name: mentor.user.display_name }), "", meet)]),
    ...(mentor.location_id ? [h("a", { class: "button", href: `#places/${mentor.location_id}` }, t.where)] : []),
  ];
  return [
    h("p", { class: "row" }, face, h("span", { class: "who" }, h("b", {}, mentor.title), h("span", { class: "last" }, aboutThem(mentor.user)))),
    h("p", { class: "calm" }, known.join(" · ")),
    ...(mentor.verified ? [] : [h("p", { class: "hint" }, t.unverified)]),
    h("ul", { class: "tags", "aria-label": t.specializations }, ...mentor.specialization.map((each) => h("li", {}, each))),
    h("p", { class: "said" }, mentor.bio),
    ...(links.length ? [h("div", { class: "row" }, ...links)] : []),
  ];
}
