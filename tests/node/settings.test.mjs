/** One's own settings on the page, and the language that they ask for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../../realtime/page/language.js";
import { Settings, keptSettings } from "../../realtime/page/settings.js";
import { createStore, initial } from "../../realtime/page/state.js";

/** What a browser has, as far as it is asked for here. */
function browser() {
  const storage = () => {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  };
  const loads = [];
  const there = {
    document: { documentElement: { lang: "en", dataset: {} } }, location: { reload: () => loads.push("again") },
    localStorage: storage(), sessionStorage: storage(),
  };
  for (const [name, value] of Object.entries(there)) Object.defineProperty(globalThis, name, { value, configurable: true });
  return loads;
}

test("a page that does not come in the language of the settings is not loaded again and again", () => {
  const loads = browser();
  for (const _ of ["once", "twice"]) follow("de");
  assert.equal(loads.length, 1);
  document.documentElement.lang = "de";
  follow("de");
  assert.equal(loads.length, 1);
});

test("a switch stays as it was put while the answer to another one comes", async () => {
  browser();
  const store = createStore({ state: { ...initial(), account: "in" }, now: () => 0 });
  const answers = [];
  const settings = new Settings({ store, api: { changeSettings: () => new Promise((answer, refuse) => answers.push({ answer, refuse })) } });
  const server = { ...keptSettings(), privacy: { show_age: true, show_city: true } };
  const [age, city] = ["show_age", "show_city"].map((name) => settings.change({ privacy: { [name]: false } }));
  await Promise.resolve();
  answers[0].answer({ ...server, privacy: { show_age: false, show_city: true } });
  await age;
  assert.equal(store.state.settings.privacy.show_city, false);
  answers[1].refuse({ code: "offline" });
  await assert.rejects(city);
  assert.deepEqual(store.state.settings.privacy, { show_age: false, show_city: true });
});
