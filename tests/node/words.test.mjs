/** The page's languages: the same texts in each, all of them there, and none anywhere else. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { toldOf } from "../../realtime/page/news-words.js";
import { counted, filled, parted, speak } from "../../realtime/page/texts.js";
import german from "../../realtime/page/words/de.js";
import germanInside from "../../realtime/page/words/de-inside.js";
import english from "../../realtime/page/words/en.js";
import englishInside from "../../realtime/page/words/en-inside.js";
import { fieldError, notice, unproven } from "../../realtime/page/words.js";

const PAGE = join(dirname(fileURLToPath(import.meta.url)), "../../realtime/page");
const [ENGLISH, GERMAN] = [{ ...english, ...englishInside }, { ...german, ...germanInside }];
const read = (name) => readFileSync(join(PAGE, name), "utf8");

/** Each text by its key, as `meet.people.one`. */
function texts(all, before = "") {
  return Object.entries(all).flatMap(([key, said]) => (typeof said === "string" ? [[before + key, said]] : texts(said, `${before}${key}.`)));
}

const keys = (all) => texts(all).map(([key]) => key);
const places = (said) => (said.match(/\{\w+\}/g) ?? []).sort().join();

/** The page's own code, without the moderators', and what the views take from `words`. */
const MODULES = ["", "views/"].flatMap((folder) => readdirSync(join(PAGE, folder)).filter((name) => name.endsWith(".js")).map((name) => folder + name));

test("each language has every text, none more than once, with the same places and parts", () => {
  assert.deepEqual(keys(GERMAN).sort(), keys(ENGLISH).sort());
  const said = Object.fromEntries(texts(GERMAN));
  for (const [key, text] of texts(ENGLISH)) {
    assert.equal(places(said[key]), places(text), key);
    assert.equal(parted(said[key]).length, parted(text).length, `${key}: as many parts in […]`);
    assert.equal(said[key] === "", text === "", key);
  }
  for (const one of [[english, englishInside], [german, germanInside]]) {
    const [outside, inside] = one.map((part) => new Set(Object.keys(part)));
    assert.deepEqual([...outside].filter((section) => inside.has(section)), []);
  }
});

test("what is counted has the forms that its language needs", () => {
  const forms = (all, lang) => {
    const needed = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.slice().sort();
    const look = (part, path) => {
      if (typeof part === "string") return;
      if ("one" in part) assert.deepEqual(Object.keys(part).sort(), needed, path);
      for (const [key, inner] of Object.entries(part)) look(inner, `${path}.${key}`);
    };
    look(all, lang);
  };
  forms(ENGLISH, "en");
  forms(GERMAN, "de");
});

test("every text that the page itself asks for is there", () => {
  const asked = [...read("index.html").matchAll(/data-t(?:-[a-z-]+)?="([\w.]+)"/g)].map(([, key]) => key);
  assert.ok(asked.length > 100);
  const known = new Set(keys(ENGLISH));
  assert.deepEqual(asked.filter((key) => !known.has(key)), []);
});

test("a view asks for no text that is not there", () => {
  const missing = [];
  const there = (path) => path.reduce((all, key) => all?.[key], ENGLISH) !== undefined;
  for (const name of MODULES) {
    const code = read(name).replaceAll(/^import .*$/gm, "");
    const short = [...code.matchAll(/const t = words\.([\w.]+);/g)].map(([, section]) => section.split("."));
    const direct = [...code.matchAll(/\bwords((?:\.[a-z]\w*)+)(?![\w(])/g)].map(([, path]) => path.slice(1).split("."));
    const through = [...code.matchAll(/\bt((?:\.[a-z]\w*)+)(?![\w(])/g)].map(([, path]) => path.slice(1).split("."));
    missing.push(...direct.filter((path) => !there(path)).map((path) => `${name}: words.${path.join(".")}`));
    missing.push(...through.filter((path) => !short.some((section) => there([...section, ...path]))).map((path) => `${name}: t.${path.join(".")}`));
  }
  assert.deepEqual(missing, []);
});

/** What reads like a sentence or a label, and is none: names of keys, of products, and what the server says. */
const NO_TEXTS = /^(Arrow\w+|Enter|Escape|Files|Realtime Connect|English|Deutsch|[A-Z]\w*Error|Idempotency-Key|Cache-Control)$/;
/** Names of browsers and systems; the server's own sentences; what only a log or a developer reads. */
const APART = new Set(["account-words.js", "news-words.js", "places.js", "views/picture.js", "api.js", "session.js", "upload.js", "media.js", "peer.js"]);

test("no view and no part of the page has a text of its own", () => {
  const own = [];
  for (const name of MODULES.filter((name) => !APART.has(name))) {
    const code = read(name).replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
    for (const [, , literal] of code.matchAll(/(["`])((?:(?!\1)[^\\\n]|\\.)*)\1/g)) {
      const plain = literal.replaceAll(/\$\{[^}]*\}/g, "").trim();
      const reads = /^[A-Z][a-z’']+/.test(plain) || /[a-z][.?!…]$/.test(plain) || /[a-z]{2} [a-z]+ [a-z]{2}[^=()[\]]*[.,:…]/.test(plain);
      if (reads && !NO_TEXTS.test(plain) && !/^[.#/\w-]*\.(js|css)$|^\/v1\/|^realtime-connect/.test(plain)) own.push(`${name}: ${literal}`);
    }
    // Whatever stands in an element, or is told of one, is a text, however short.
    for (const [, told] of code.matchAll(/(?:\bh\("\w+", \{[^}]*\}, |\btext\([^,]+, |"aria-label": )["`]([^"`$]*[A-Za-z]{2}[^"`]*)["`]/g)) own.push(`${name}: ${told}`);
  }
  assert.deepEqual(own, []);
  const markup = read("index.html").replaceAll(/<(script|style|title|noscript)[^>]*>[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<[^>]+>/g, "");
  assert.deepEqual(markup.split("\n").map((line) => line.trim()).filter((line) => line && line !== "Realtime Connect"), []);
  assert.deepEqual([...read("index.html").matchAll(/\s(?:aria-label|placeholder|alt|title)="[^"]+"/g)].map(([found]) => found), []);
});

test("German reads as German: numbers, plurals, errors, news", () => {
  speak(GERMAN);
  assert.equal(counted(GERMAN.search.found, 1), "1 Person");
  assert.equal(counted(GERMAN.search.found, 1200), "1.200 Personen");
  assert.equal(notice("rate_limited", 300_000), "Das war etwas schnell. Bitte versuch es noch einmal. Wartezeit: 5 Minuten.");
  assert.equal(notice("of_a_newer_server"), GERMAN.trouble);
  const reserved = { code: "invalid_request", message: "`username` is reserved.", details: { field: "username", reason: "reserved" } };
  assert.match(fieldError(reserved, "username"), /reserviert/);
  assert.equal(fieldError({ code: "invalid_request", message: "`when` is odd." }, "when"), "when is odd."); // else the server's sentence
  assert.equal(unproven({ message: "?", details: { factor: "totp", reason: "wrong" } }), GERMAN.proofs.wrong);
  assert.equal(unproven({ message: "?" }, "login"), GERMAN.sign_in.wrong);
  const asks = { title: "Ana $& wants to be your friend", body: "", action: { label: "See your friends", url: "/#friends" } };
  assert.deepEqual(toldOf(asks), { title: "Ana $& möchte mit dir befreundet sein", body: "", label: "Zu deinen Freunden" });
  const removed = { title: "Your photo was removed", body: "We took it down because it is advertising. Nobody else sees it. Please choose another one." };
  assert.equal(toldOf(removed).body, "Wir haben es entfernt: es ist Werbung. Niemand sonst sieht es. Bitte wähle ein anderes.");
  assert.equal(toldOf({ title: "Something newer", body: "" }).title, "Something newer");
  assert.equal(filled("{a} {b}", { a: "$&" }), "$& {b}");
});
