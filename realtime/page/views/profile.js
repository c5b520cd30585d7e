/** The user's own profile, and whom they want to meet. */

import { COUNTRIES, LANGUAGES } from "../places.js";
import { failure } from "../state.js";
import { words } from "../texts.js";
import { countryName, languageName } from "../words.js";
import { byId, clearErrors, h, show, submitting, text, valid } from "./dom.js";

export function profileView({ store, own, signOut }) {
  const form = byId("profile-form");
  let shownFor = null;
  let filled = null; // what the form said before the person touched it: only what differs is sent
  let [drawn, saving] = [null, false]; // of which profile that was
  const untouched = () => JSON.stringify(said(form)) === JSON.stringify(filled);
  form.elements.country.append(...named(COUNTRIES, countryName).map(([code, name]) => h("option", { value: code }, name)));
  byId("signout").addEventListener("click", signOut);
  form.addEventListener("input", () => text(byId("profile-saved"), ""));
  addEventListener("beforeunload", (event) => shownFor && !untouched() && event.preventDefault());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, save);
  });

  function draw(me) {
    fill(form, me);
    [filled, drawn] = [said(form), inForm(me)];
  }

  async function save() {
    const changes = differing(said(form), filled);
    saving = true;
    try {
      draw(await sent(changes));
      text(byId("profile-username"), store.state.me.username);
      text(byId("profile-saved"), words.profile.saved);
    } catch (error) {
      if (error.code === "precondition_failed") draw(store.state.me); // show what is there now
      throw error;
    } finally {
      saving = false;
    }
  }

  /** What has changed elsewhere may be nothing that the form shows. */
  async function sent(changes) {
    const changed = () => inForm(store.state.me) !== drawn;
    if (changed()) throw { code: "precondition_failed" };
    return own.save(changes).catch((error) => {
      if (error.code !== "precondition_failed" || changed()) throw error;
      return own.save(changes);
    });
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
      own.load().catch((error) => store.dispatch("page:notice", failure(error)));
    } else if (wanted && !saving && inForm(state.me) !== drawn && untouched()) draw(state.me);
    shownFor = wanted;
  };
}

const FIELDS = ["display_name", "username", "bio", "country", "city", "intent", "languages", "seeking"];

/** What of a profile the form shows, to tell whether it has changed elsewhere. */
function inForm(me) {
  return JSON.stringify(FIELDS.map((name) => me[name]));
}

function named(codes, name) {
  return codes.map((code) => [code, name(code)]).sort((a, b) => a[1].localeCompare(b[1]));
}

function fill(form, me) {
  drawLanguages(me.languages);
  for (const name of ["display_name", "username", "bio", "country", "city", "intent"]) form.elements[name].value = me[name] ?? "";
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
  const line = (name) => data.get(name).trim();
  return {
    display_name: line("display_name"),
    username: line("username"),
    intent: data.get("intent"),
    languages: data.getAll("languages"),
    bio: line("bio") || null,
    city: line("city") || null,
    country: data.get("country") || null,
    seeking: {
      genders: data.getAll("genders"),
      age_min: Number(data.get("age_min")),
      age_max: Number(data.get("age_max")),
    },
  };
}
