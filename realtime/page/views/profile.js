/** The user's own profile, and whom they want to meet. */

import { COUNTRIES, LANGUAGES } from "../places.js";
import { failure } from "../state.js";
import { countryName, languageName } from "../words.js";
import { byId, clearErrors, h, show, submitting, text, valid } from "./dom.js";

export function profileView({ store, api, signOut }) {
  const form = byId("profile-form");
  let etag = null;
  let shownFor = null;
  let filled = null; // what the form said before the person touched it: only what differs is sent
  const untouched = () => JSON.stringify(said(form)) === JSON.stringify(filled);
  form.elements.country.append(...named(COUNTRIES, countryName).map(([code, name]) => h("option", { value: code }, name)));
  byId("signout").addEventListener("click", signOut);
  form.addEventListener("input", () => text(byId("profile-saved"), ""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, save);
  });

  async function load() {
    const read = await api.me();
    etag = read.etag;
    store.dispatch("page:me", { me: read.me });
    if (untouched()) draw(read.me);
  }

  function draw(me) {
    fill(form, me);
    filled = said(form);
  }

  async function save() {
    try {
      const saved = await api.saveMe(differing(said(form), filled), etag);
      etag = saved.etag;
      store.dispatch("page:me", { me: saved.me });
      draw(saved.me);
      text(byId("profile-saved"), "Saved.");
    } catch (error) {
      if (error.code === "precondition_failed") {
        filled = said(form); // show what is there now
        await load();
      }
      throw error;
    }
  }

  return (state) => {
    const seen = state.account === "in" && state.place.name === "profile";
    show(byId("profile"), seen);
    const wanted = seen ? state.me.id : null;
    if (wanted && wanted !== shownFor) {
      clearErrors(form);
      text(byId("profile-saved"), "");
      text(byId("profile-username"), state.me.username);
      draw(state.me);
      load().catch((error) => store.dispatch("page:notice", failure(error)));
    }
    shownFor = wanted;
  };
}

function named(codes, name) {
  return codes.map((code) => [code, name(code)]).sort((a, b) => a[1].localeCompare(b[1]));
}

function fill(form, me) {
  drawLanguages(me.languages);
  for (const name of ["display_name", "bio", "country", "city", "intent"]) form.elements[name].value = me[name] ?? "";
  form.elements.age_min.value = me.seeking.age_min;
  form.elements.age_max.value = me.seeking.age_max;
  for (const box of form.elements.genders) box.checked = me.seeking.genders.includes(box.value);
}

function drawLanguages(spoken) {
  const chips = named([...new Set([...LANGUAGES, ...spoken])], languageName).map(([tag, name]) => {
    const box = h("input", { type: "checkbox", name: "languages", value: tag, checked: spoken.includes(tag) });
    return h("label", {}, box, h("span", {}, name));
  });
  byId("languages").replaceChildren(byId("languages").querySelector("legend"), ...chips);
}

function differing(said, before) {
  const changed = Object.entries(said).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]));
  return Object.fromEntries(changed);
}

/** The form's contents as the body of PATCH /v1/me. */
function said(form) {
  const data = new FormData(form);
  const words = (name) => data.get(name).trim();
  return {
    display_name: words("display_name"),
    intent: data.get("intent"),
    languages: data.getAll("languages"),
    bio: words("bio") || null,
    city: words("city") || null,
    country: data.get("country") || null,
    seeking: {
      genders: data.getAll("genders"),
      age_min: Number(data.get("age_min")),
      age_max: Number(data.get("age_max")),
    },
  };
}
