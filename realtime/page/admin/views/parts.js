/** What the views of the moderators' page are built of. Words of people are text, never markup. */

import { keptSettings } from "../../settings.js";
import { byId, h, show, text } from "../../views/dom.js";
import { dateAndTime } from "../../words.js";
import { left } from "../words.js";

const LONG = 600;

export function time(timestamp) {
  return h("time", { dateTime: timestamp }, dateAndTime(timestamp, keptSettings()));
}

/** How long something still holds; kept up to date by `tellTimeLeft`. */
export function timeLeft(until) {
  return h("time", { dateTime: until, "data-until": until }, left(until, Date.now()));
}

/** Whether the time of something has come, so that it is no more what it was. */
export function tellTimeLeft() {
  const all = [...document.querySelectorAll("[data-until]")];
  for (const element of all) text(element, left(element.dataset.until, Date.now()));
  return all.some(({ dataset }) => Date.parse(dataset.until) <= Date.now());
}

export function person(id, name) {
  return h("a", { href: `#person/${id}`, class: "who" }, name || "(no name)");
}

export function tag(words, kind = "") {
  return h("span", { class: `tag ${kind}` }, words);
}

/** What somebody has written. Of much only the beginning is there at once, since what can be done stands below it. */
export function written(words) {
  if (words.length <= LONG) return h("blockquote", {}, words);
  const beginning = h("span", { class: "beginning" }, `${words.slice(0, LONG / 2)}… `);
  const summary = h("summary", {}, beginning, h("b", { class: "beginning" }, "Read all"), h("b", { class: "all" }, "Read less"));
  return h("blockquote", {}, h("details", { class: "long" }, summary, words));
}

/**
 * A button with its key, which is also where the focus stays when it is drawn again. While it is `disabled` it does nothing, and
 * keeps the focus.
 */
export function action(key, words, onclick, { kind = "", disabled = false } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: kind,
      "aria-keyshortcuts": key,
      "data-keep": key,
      ...(disabled ? { "aria-disabled": "true" } : { onclick }),
    },
    words,
    " ",
    h("kbd", { "aria-hidden": "true" }, key),
  );
}

/** A list of terms and what there is to say; what is null is left out. */
export function facts(pairs) {
  const said = Object.entries(pairs).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, ...said.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, ...[value].flat())]));
}

/** Parts with something between them. */
export function joined(parts, between = " · ") {
  return parts.filter(Boolean).flatMap((part, i) => (i ? [between, part] : [part]));
}

const drawn = new WeakMap();

/** Where reading begins at a place. */
export function beginning(root) {
  return root.querySelector("h1") ?? root.querySelector(".back");
}

/** Where the focus is: on what, and in which item of a list. */
function placeOf(element) {
  return { keep: element.dataset.keep, item: element.closest("[data-item]")?.dataset.item };
}

/** The same place in what was drawn again: the element itself, or else its item, the last of the list, or the title. */
function again(container, { keep, item }) {
  const inItem = (element) => element.closest("[data-item]")?.dataset.item === item;
  const those = [...container.querySelectorAll("[data-keep], [data-row]")].filter(inItem);
  const same = those.find(({ dataset }) => dataset.keep === keep) ?? (item && those.find(({ dataset }) => "row" in dataset));
  const last = keep === "m" && [...container.querySelectorAll("[data-row]")].at(-1);
  return same || last || beginning(container.closest(".place"));
}

/** Draw a part of the page again where `of` has changed, and leave the focus where it was. */
export function redraw(container, of, build) {
  const key = JSON.stringify(of);
  if (drawn.get(container) === key) return;
  drawn.set(container, key);
  const active = container.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  container.replaceChildren(...build());
  if (active) again(container, active)?.focus({ preventScroll: true });
}

/** A list with its state in words, and a button for more of it. `row(item)` is a list item, of which `also` decides. */
export function drawList(container, list, { row, none, more, also }) {
  redraw(container, [list, also], () => {
    const { items, status, error, next } = list;
    const said = { loading: items.length ? "" : "Loading…", failed: error, ready: items.length ? "" : none }[status] ?? "";
    return [
      h("p", { class: status === "failed" ? "wrong" : "calm", role: "status" }, said),
      h("ul", { class: "rows" }, ...items.map(row)),
      ...(next ? [action("m", "More", more, { disabled: status === "loading" })] : []),
    ];
  });
}

/** Whether a thing is there to be drawn; else it is said why not. */
export function drawState(id, { status, value, error }) {
  text(byId(id), { loading: value ? "" : "Loading…", failed: error }[status] ?? "");
  show(byId(id), !value);
  return value !== null;
}

/** A section with a heading; nothing where there is nothing in it. */
export function section(title, ...children) {
  return children.length ? [h("section", { class: "part" }, h("h2", {}, title), ...children)] : [];
}

export { byId, h, show, text };
