/** A place: what it is, when it is open, and what people say of it. */

import { about, exceptions, opened, week } from "../location-words.js";
import { failure } from "../state.js";
import { words } from "../texts.js";
import { byId, card, h, keepKeyboard, show, text } from "./dom.js";
import { photo } from "./picture.js";
import { reviewing } from "./reviewing.js";

export function locationView({ store, locations }) {
  const t = words.places;
  const [shown, hours] = [h("div", { class: "located" }), h("div", { class: "located" })];
  const [facts, times] = [card(t.about, shown), card(t.hours, hours)];
  const said = reviewing({ store, source: locations, says: t, changed: () => load(id) });
  const back = h("a", { class: "button quiet", href: "#places" }, t.back);
  const all = h("div", { class: "located", hidden: true }, back, facts, times, said.element);
  byId("places").append(all);
  let [id, wanted] = [null, 0];

  async function load(asked) {
    const own = (wanted += 1);
    try {
      const [found, reviews] = await Promise.all([locations.one(asked), locations.reviews(asked)]);
      if (own === wanted) draw(found, reviews);
    } catch (error) {
      if (own !== wanted) return;
      store.dispatch("page:notice", failure(error));
      if (error.code === "not_found") text(facts.querySelector("h2"), t.gone);
    }
  }

  function draw(found, reviews) {
    text(facts.querySelector("h2"), found.name);
    shown.replaceChildren(...described(found));
    show(times, found.hours !== null);
    hours.replaceChildren(...(found.hours ? opening(found, Date.now()) : []));
    said.draw(found, reviews);
    keepKeyboard();
  }

  return (state) => {
    const asked = state.account === "in" && state.place.name === "places" ? (state.place.id ?? null) : null;
    show(all, asked !== null);
    if (asked === id) return;
    id = asked;
    wanted += 1;
    text(facts.querySelector("h2"), t.about);
    for (const part of [shown, hours]) part.replaceChildren();
    show(times, false);
    said.clear();
    if (id !== null) queueMicrotask(() => load(id));
  };
}

function described(found) {
  const t = words.places;
  const marks = [
    found.verified && t.verified, found.beginner_friendly && t.beginners, found.has_qr_reward && t.reward,
    found.anxiety_level && t.calm[found.anxiety_level],
  ].filter(Boolean);
  return [
    h("p", { class: "calm" }, about(found)),
    h("p", { class: "row" }, h("a", { class: "button primary", href: `#check-in/${found.id}` }, words.check_in.title)),
    h("p", {}, `${found.address}, ${found.city}`),
    ...(found.description ? [h("p", { class: "said" }, found.description)] : []),
    ...named(t.marks, marks),
    ...named(t.amenities, found.amenities),
    ...reached(found.contact),
    ...(found.media.length ? [h("div", { class: "gallery" }, ...found.media.map((media) => photo(media, { alt: found.name, wide: "9rem" })))] : []),
  ];
}

function named(title, items) {
  return items.length ? [h("ul", { class: "tags", "aria-label": title }, ...items.map((item) => h("li", {}, item)))] : [];
}

function reached({ phone, email, website }) {
  const links = [[phone, `tel:${phone}`], [email, `mailto:${email}`], [website, website]].filter(([said]) => said);
  return links.length ? [h("p", { class: "row" }, ...links.map(([said, href]) => h("a", { href, target: "_blank", rel: "noopener noreferrer" }, said)))] : [];
}

function opening(found, now) {
  const line = ({ day, times, today }) => {
    const row = h("tr", {}, h("th", { scope: "row" }, day), h("td", {}, times));
    if (today) row.setAttribute("aria-current", "date");
    return row;
  };
  const usual = h("table", { class: "hours" }, h("tbody", {}, ...week(found.hours, now).map(line)));
  const others = exceptions(found.hours, now);
  return [
    h("p", { class: "calm" }, opened(found)), usual,
    ...(others.length ? [h("h3", {}, words.places.exceptions), h("table", { class: "hours" }, h("tbody", {}, ...others.map(line)))] : []),
  ];
}
