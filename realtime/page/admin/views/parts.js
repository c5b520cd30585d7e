/** What the views of the moderators' page are built of. Words of people are text, never markup. */

import { byId, h, show, text } from "../../views/dom.js";
import { at, left } from "../words.js";

export function time(timestamp) {
  return h("time", { dateTime: timestamp }, at(timestamp));
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

/** A button with its key. `keep`: what it is, so that the focus stays on it when it is drawn again. */
export function action(key, words, onclick, { kind = "", disabled = false } = {}) {
  return h(
    "button",
    { type: "button", class: kind, "aria-keyshortcuts": key, "data-keep": `${key} ${words}`, disabled, onclick },
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

/** Draw a part of the page again where `of` has changed, and leave the focus where it was. */
export function redraw(container, of, build) {
  const key = JSON.stringify(of);
  if (drawn.get(container) === key) return;
  drawn.set(container, key);
  const active = container.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
  container.replaceChildren(...build());
  if (active) [...container.querySelectorAll("[data-keep]")].find(({ dataset }) => dataset.keep === active)?.focus();
}

/** A list with its state in words, and a button for more of it. `row(item)` is a list item, of which `also` decides. */
export function drawList(container, list, { row, none, more, also }) {
  redraw(container, [list, also], () => {
    const { items, status, error, next } = list;
    const said = { loading: items.length ? "" : "Loading…", failed: error, ready: items.length ? "" : none }[status] ?? "";
    return [
      h("p", { class: status === "failed" ? "wrong" : "calm", role: "status" }, said),
      h("ul", { class: "rows" }, ...items.map(row)),
      ...(next && status !== "loading" ? [action("m", "More", more)] : []),
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
