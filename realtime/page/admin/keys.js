/** What keys do. Each presses a button that can be seen, or moves: so nothing needs them, and nothing is only for the mouse. */

import { arrange, byId, h } from "../views/dom.js";

/** `press`: the button with this in `aria-keyshortcuts`. */
const KEYS = [
  { keys: ["j", "ArrowDown"], shown: "j ↓", says: "Next in the list", run: () => move(1) },
  { keys: ["k", "ArrowUp"], shown: "k ↑", says: "The one before", run: () => move(-1) },
  { keys: ["Enter"], says: "Open it", run: open },
  { keys: ["m"], says: "More of the list", press: true },
  { keys: ["Escape"], shown: "Esc", says: "Back", run: back },
  { keys: ["/"], says: "Search for people", run: search },
  { keys: ["1"], says: "Cases", run: (look) => go("cases", look) },
  { keys: ["2"], says: "People", run: (look) => go("people", look) },
  { keys: ["3"], says: "Bans", run: (look) => go("bans", look) },
  { keys: ["4"], says: "Appeals", run: (look) => go("appeals", look) },
  { keys: ["5"], says: "Pictures", run: (look) => go("media", look) },
  { keys: ["6"], says: "Audit, for admins", run: (look) => byId("audit-link").hidden || go("audit", look) },
  { keys: ["7"], says: "A call, for admins", run: (look) => byId("call-link").hidden || go("call", look) },
  { keys: ["8"], says: "Places, for admins", run: (look) => byId("places-link").hidden || go("places", look) },
  { keys: ["c"], says: "Case: claim it, or for longer", press: true },
  { keys: ["e"], says: "Case: show the evidence with its pictures, or hide those; picture: show it, or hide it", press: true },
  { keys: ["d"], says: "Case: dismiss", press: true },
  { keys: ["w"], says: "Case: warn", press: true },
  { keys: ["s"], says: "Case: suspend", press: true },
  { keys: ["b"], says: "Case or person: ban", press: true },
  { keys: ["u"], says: "Case or picture: undo the decision", press: true },
  { keys: ["x"], says: "Case or person: they are nobody that was banned", press: true },
  { keys: ["p"], says: "Case: the person", press: true },
  { keys: ["n"], says: "Bans: ban somebody", press: true },
  { keys: ["l"], says: "Bans: lift it", press: true },
  { keys: ["g"], says: "Appeal: grant; picture: pass", press: true },
  { keys: ["r"], says: "Appeal: refuse; picture: remove", press: true },
  { keys: ["?"], says: "These keys", run: show },
];

const WRITES = "input:not([type=checkbox], [type=radio]), textarea, select";

/** `look()`: go where the address says now. */
export function listenToKeys({ store, look }) {
  arrange(
    byId("keys-list"),
    KEYS.flatMap(({ keys, shown, says }) => [h("dt", {}, h("kbd", {}, shown ?? keys[0])), h("dd", {}, says)]),
  );
  byId("show-keys").addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (store.state.account !== "in" || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const writing = event.target.matches(WRITES);
    if (writing && event.key !== "Escape") return;
    const known = KEYS.find(({ keys }) => keys?.includes(event.key));
    const done = writing ? event.target.blur() : known?.press ? press(event.key) : known?.run(look);
    if (known && done !== false) event.preventDefault();
  });
}

const seen = (element) => element.checkVisibility() && !element.matches(":disabled, [aria-disabled=true]");

/** In a list it is the button of what is focused; else that of the whole place, or the only one there is. */
function press(key) {
  const buttons = (root) => [...(root?.querySelectorAll(`[aria-keyshortcuts="${key}"]`) ?? [])].filter(seen);
  const [own] = buttons(document.activeElement.closest("[data-item]"));
  const all = buttons(document);
  const button = own ?? all.find((each) => !each.closest("[data-item]")) ?? (all.length === 1 ? all[0] : null);
  button?.click();
  return button !== null;
}

/** Arrows scroll where there is more to read than to choose. */
function move(by, rows = [...document.querySelectorAll("[data-row]")].filter(seen)) {
  if (!rows.length) return false;
  const present = rows.indexOf(
    document.activeElement.closest("[data-item]")?.querySelector("[data-row]") ?? document.activeElement,
  );
  const next = rows.at(present === -1 ? (by > 0 ? 0 : -1) : Math.min(rows.length - 1, Math.max(0, present + by)));
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Links and buttons do that by themselves; of anything else the first thing in it is meant. */
function open() {
  const row = document.activeElement;
  if (!row.matches("[data-row]:not(a)")) return false;
  (row.querySelector("details:not(.long) > summary") ?? row.querySelector("summary, a"))?.click();
}

function back(look) {
  const link = [...document.querySelectorAll(".back")].find(seen);
  if (!link) return false;
  go(link.hash, look);
}

/** At once, and not when the browser tells of the new address: what is pressed next belongs there. */
function go(place, look) {
  location.hash = place;
  look();
}

function search(look) {
  go("people", look);
  byId("q").focus();
}

function show() {
  byId("keys").showModal();
}
