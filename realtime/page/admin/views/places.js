/** Places, for admins: found by words or by their id, added, changed, and taken off. */

import { clearErrors, submitting, valid } from "../../views/dom.js";
import { DAYS, datesTyped, hoursIn, spansTyped } from "../hours.js";
import { byId, drawList, drawState, h, joined, redraw, show, tag, text } from "./parts.js";

const TYPES = { coffee: "Café", gym: "Gym", mentor: "Mentor", nutrition: "Nutrition", partner: "Partner" };
const LEVELS = { "": "Not said", low: "Low", medium: "Medium", high: "High" };
const FLAGS = { verified: "Verified", beginner_friendly: "Good for beginners", has_qr_reward: "Has rewards by QR", active: "Shown to everybody" };
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function placesView({ store, desk }) {
  const search = byId("find-places");
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    const sought = search.elements.sought.value.trim();
    if (ID.test(sought)) return void (location.hash = `place/${sought}`);
    store.dispatch("seek", { sought });
    desk.load();
    byId("places-title").focus();
  });

  const row = ({ id, name, type, city, verified, address }) =>
    h(
      "li", { "data-item": id },
      h(
        "a", { class: "row-link", href: `#place/${id}`, "data-row": "", "data-keep": id },
        h("span", { class: "row" }, h("b", { class: "clamped" }, name), tag(TYPES[type] ?? type), verified ? tag("verified") : ""),
        h("span", { class: "hint clamped" }, ...joined([address, city])),
      ),
    );

  return ({ account, lists }) => {
    if (account !== "in") return;
    drawList(byId("places-list"), lists.places, { row, none: "No place is found by this.", more: () => desk.load({ more: true }) });
  };
}

export function placeView({ store, desk }) {
  const form = byId("place-form");
  const fields = form.elements;
  const saved = byId("place-saved");
  fields.type.append(...options(TYPES));
  fields.anxiety_level.append(...options(LEVELS));
  byId("place-flags").append(...Object.entries(FLAGS).map(([name, said]) => h("label", { class: "check" }, h("input", { type: "checkbox", name }), said)));
  byId("place-week").append(...Object.entries(DAYS).map(([name, said]) => h("label", {}, said, h("input", { name, placeholder: "closed", autocomplete: "off" }))));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    if (!valid(form)) return;
    const { id } = store.state.place;
    const before = id === "new" ? {} : asServer(asTyped(store.state.things.place.value));
    submitting(form, () => {
      const said = asServer(Object.fromEntries([...fields].filter(({ name }) => name).map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value])));
      const { active, ...changes } = Object.fromEntries(Object.entries(said).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
      return keep(id, id === "new" || active === undefined ? changes : { ...changes, active });
    });
  });

  async function keep(id, changes) {
    const kept = await desk.keepPlace(id, changes);
    if (kept && id === "new") location.hash = `place/${kept.id}`;
    text(saved, kept ? "Saved." : "");
  }

  function fill(value) {
    form.reset();
    clearErrors(form);
    for (const [name, said] of Object.entries(asTyped(value))) {
      const field = fields.namedItem(name);
      if (field.type === "checkbox") field.checked = said;
      else field.value = said;
    }
  }

  let [filled, at] = [null, null];
  return ({ account, place, things }) => {
    if (account !== "in" || place.name !== "place") return void (at = null);
    if (at !== place) text(saved, "");
    at = place;
    const there = drawState("place-state", things.place);
    show(form, there);
    if (!there) return;
    const { value } = things.place;
    redraw(byId("place-head"), [place.id, value.name], () => [
      h("h1", { id: "place-title", tabIndex: -1, class: "clamped", "data-keep": "title" }, place.id === "new" ? "A new place" : value.name),
    ]);
    show(fields.active.closest("label"), place.id !== "new");
    if (filled !== value) fill((filled = value));
  };
}

function options(said) {
  return Object.entries(said).map(([value, words]) => h("option", { value }, words));
}

/** A place, by field of the form; what a new one has is what usual ones have. */
function asTyped({ hours = null, contact = {}, amenities = [], active = true, ...place }) {
  const plain = ["name", "type", "lat", "lon", "address", "city", "country", "description", "anxiety_level", "radius_m"];
  const week = Object.keys(DAYS).map((day) => [day, spansTyped(hours?.week[day] ?? [])]);
  const flags = Object.keys(FLAGS).map((name) => [name, name === "active" ? active : Boolean(place[name])]);
  return {
    ...Object.fromEntries([...plain.map((name) => [name, String(place[name] ?? { type: "coffee", radius_m: 100 }[name] ?? "")]), ...week, ...flags]),
    amenities: amenities.join(", "),
    zone: hours?.zone ?? "",
    except: datesTyped(hours?.except ?? {}),
    phone: contact.phone ?? "",
    email: contact.email ?? "",
    website: contact.website ?? "",
  };
}

/** The same as the server takes it. Throws what is wrong with a field. */
function asServer(typed) {
  const contact = ["phone", "email", "website"].map((name) => [name, typed[name].trim()]).filter(([, said]) => said);
  return {
    ...Object.fromEntries(["name", "address", "city"].map((name) => [name, typed[name].trim()])),
    ...Object.fromEntries(["lat", "lon", "radius_m"].map((name) => [name, Number(typed[name])])),
    ...Object.fromEntries(Object.keys(FLAGS).map((name) => [name, typed[name]])),
    type: typed.type,
    country: typed.country.trim().toUpperCase(),
    description: typed.description.trim() || null,
    anxiety_level: typed.anxiety_level || null,
    amenities: typed.amenities.split(",").map((one) => one.trim()).filter(Boolean),
    hours: hoursIn(typed),
    contact: Object.fromEntries(contact),
  };
}
