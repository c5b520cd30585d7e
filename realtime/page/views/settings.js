/** One's own settings. Each change counts at once; there is nothing to press. */

import { SPOKEN, isOther, keepLanguage } from "../language.js";
import { LANGUAGES } from "../places.js";
import { words } from "../texts.js";
import { dateAndTime, languageName } from "../words.js";
import { byId, clearErrors, h, show, showError, text } from "./dom.js";

export function settingsView({ settings }) {
  const form = byId("settings");
  const { language, time_zone } = form.elements;
  const dates = h("optgroup", { label: words.settings.dates });
  language.append(h("optgroup", { label: words.settings.page_and_dates }, ...Object.entries(SPOKEN).map(([value, name]) => h("option", { value, lang: value }, name))), dates);
  offer(language, LANGUAGES, languageName, dates);
  offer(time_zone, ["UTC", ...Intl.supportedValuesOf("timeZone")], zoneName);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => change({ [target.name]: target.value || null }));

  let last = null;
  async function change(changes) {
    last = changes;
    clearErrors(form);
    text(byId("settings-saved"), "");
    try {
      await settings.change(changes);
      if (last === changes) text(byId("settings-saved"), words.settings.saved); // else there is more to save
      if ("language" in changes) speak(changes.language);
    } catch (error) {
      showError(form, error);
    }
  }

  function fill(own) {
    form.elements.theme.value = own.theme;
    if (own.language) offer(language, [own.language], languageName, dates);
    if (own.time_zone) offer(time_zone, [own.time_zone], zoneName);
    language.value = own.language ?? "";
    time_zone.value = own.time_zone ?? "";
  }

  let filled = null;
  return (state, now) => {
    show(form, state.account === "in");
    if (state.place.name !== "profile") return;
    if (filled !== state.settings) fill((filled = state.settings));
    text(byId("settings-now"), dateAndTime(now, state.settings));
  };
}

/** The page is loaded again in its other language; a browser asks first where something was typed (`profile.js`). */
function speak(language) {
  keepLanguage(language === null || language in SPOKEN ? language : document.documentElement.lang); // of dates alone the page stays as it is
  if (language === null || isOther(language)) location.reload();
}

/** Add what can be chosen, by name; what is there already stays. */
function offer(select, values, name, into = select) {
  const there = new Set([...select.options].map(({ value }) => value));
  const added = values.filter((value) => !there.has(value)).map((value) => h("option", { value }, name(value)));
  into.append(...added.sort((a, b) => a.text.localeCompare(b.text)));
}

function zoneName(zone) {
  return zone.replaceAll("_", " ");
}
