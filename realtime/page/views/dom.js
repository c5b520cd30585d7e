/** The few DOM functions that the views need. What is there already is not written: screen readers would repeat it. */

import { randomId } from "../device.js";
import { parted, words } from "../texts.js";
import { fieldError, initials, notice, unfit, unproven } from "../words.js";
import { face, mediaIn } from "./picture.js";

/** What has its fields in the same form as those around it. */
const WITHIN = new Set(["seeking", "profile"]);

/** For what names or describes another element. This file is in two of those that a browser loads, so nothing is counted. */
function unique(kind) {
  return `${kind}-${randomId()}`;
}

export function byId(id) {
  return document.getElementById(id);
}

export function text(element, said) {
  if (element.textContent !== said) element.textContent = said;
}

/** The same element, with a text in which its children have their parts. Those that it does not name stay behind it. */
export function saying(element, said) {
  const children = [...element.children];
  const parts = parted(said).map((part, at) => {
    if (at % 2 === 0) return part;
    const child = children.shift();
    if (part) child.textContent = part;
    return child;
  });
  element.replaceChildren(...parts.filter((part) => part !== ""), ...children);
  return element;
}

/** The address of a text to read, in the language of the page. */
export function reading(path) {
  const [name, part] = path.split("#");
  return `${name}?lang=${words.lang}${part ? `#${part}` : ""}`;
}

/** What stands in the page itself says what it has to, as far as its words are there: by the keys that it has in `data-t…`. */
export function translate() {
  const said = (key) => key.split(".").reduce((all, part) => all?.[part], words);
  for (const element of document.querySelectorAll("[data-t]")) {
    const found = said(element.dataset.t);
    if (found === undefined) continue;
    saying(element, found);
    delete element.dataset.t;
  }
  for (const link of document.querySelectorAll('a:is([href^="/rules"], [href^="/privacy"]):not([href*="?"])')) link.href = reading(link.getAttribute("href"));
  for (const name of ["aria-label", "placeholder", "alt"]) {
    for (const element of document.querySelectorAll(`[data-t-${name}]`)) {
      const found = said(element.getAttribute(`data-t-${name}`));
      if (found !== undefined) element.setAttribute(name, found);
    }
  }
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** An element with properties (`class` and `aria-*` too) and children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "class") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** The heading of what is on the screen; of a room, whom it is with. */
export function firstHeading() {
  return [...document.querySelectorAll("h1[tabindex], #room-name")].findLast((found) => found.checkVisibility() && !found.closest("[inert]"));
}

/** What was pressed may be gone with what was there before: then the heading of what is there now has the keyboard. */
export function keepKeyboard() {
  const { activeElement } = document;
  if (!activeElement?.checkVisibility() || activeElement === document.body) firstHeading()?.focus();
}

/** A part of a view, with its heading. */
export function card(title, ...children) {
  const id = unique("card");
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/** A place of the page, with its heading, which its view shows and hides. */
export function section(id, title, ...children) {
  const heading = h("h1", { id: `${id}-title`, tabIndex: -1 }, title);
  const made = h("section", { id, class: "profile", hidden: true, "aria-labelledby": heading.id }, heading, ...children);
  document.querySelector("main > .small-print").before(made);
  return made;
}

/** Where a form says what is wrong with none of its fields. */
export function errorAbove() {
  return h("p", { class: "wrong", role: "alert", "data-form-error": "", hidden: true });
}

/** Go to another place or step, and be there when this returns. */
export function goTo(name) {
  history.pushState(null, "", `#${name}`);
  dispatchEvent(new Event("hashchange"));
}

/** The flag that stands for reporting. */
export function flag() {
  return byId("report").querySelector("svg").cloneNode(true);
}

/** A button that stays pressed, with the icon of its state. */
export function press(element, pressed, name) {
  element.setAttribute("aria-pressed", String(pressed));
  const use = element.querySelector("use");
  if (use.getAttribute("href") !== `#i-${name}`) use.setAttribute("href", `#i-${name}`);
}

/** The photo of a card; under it, while it is not there, initials on a colour that is always the same for a person. */
export function avatar(element, card) {
  const id = card.user_id ?? card.id;
  const url = card.photo_url ?? card.photos?.[0]?.urls.s640;
  const of = JSON.stringify([id, card.display_name, url && mediaIn(url)]);
  if (element.dataset.of === of) return;
  element.dataset.of = of;
  element.textContent = initials(card.display_name);
  element.style.setProperty("--hue", [...id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7));
  if (url) element.append(face(url, element.matches(".big, .huge") ? "s640" : "s160"));
}

/** Play a stream in an element; a browser may refuse sound before the user has touched the page. */
export function play(video, stream, onRefused = () => {}) {
  if (video.srcObject === stream) return;
  video.srcObject = stream;
  if (stream) video.play().catch((error) => error.name === "NotAllowedError" && onRefused());
}

/** Set the children of a list; elements that are there already are kept, so that nothing is read out twice. */
export function arrange(list, elements) {
  const wanted = new Set(elements);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
}

/** Show an error of the server at its field, or above the form if it names none. */
export function showError(form, error) {
  clearErrors(form);
  const name = error.details?.field ?? { underage: "birth_date" }[error.code];
  const field = name && form.elements.namedItem(WITHIN.has(name.split(".")[0]) ? name.split(".")[1] : name);
  if (field instanceof HTMLElement) return markField(field, fieldError(error, field.name));
  const above = form.querySelector("[data-form-error]");
  text(above, said(form, error));
  show(above, true);
  return above.scrollIntoView({ block: "nearest" });
}

function said({ elements }, error) {
  if (error.code !== "unauthenticated") return notice(error.code, error.retryAfterMs);
  return unproven(error, ["login", "code"].find((name) => elements.namedItem(name)));
}

function markField(field, trouble) {
  const wrong = h("p", { class: "wrong", id: unique("wrong") }, trouble);
  field.closest("label").append(wrong);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", wrong.id);
  field.focus();
}

export function clearErrors(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    field.closest("label").querySelector(".wrong")?.remove();
  }
  show(form.querySelector("[data-form-error]"), false);
}

/** Show what is wrong with the first field that the browser finds invalid, or as a new password. Returns whether all are valid. */
export function valid(form) {
  clearErrors(form);
  const wrong = [...form.elements].find((field) => field.willValidate && !(field.checkValidity() && isLong(field)));
  if (wrong) markField(wrong, wrong.validity.valid ? words.fields.password_length : unfit(wrong));
  return !wrong;
}

function isLong({ autocomplete, value }) {
  const letters = [...value].length;
  return autocomplete !== "new-password" || (letters >= 8 && letters <= 128);
}

/** Run a form's action, with its button disabled meanwhile. Where that has taken the focus from it, it comes back. */
export async function submitting(form, action) {
  const button = form.querySelector("button.primary");
  const focused = document.activeElement === button;
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    showError(form, error);
  } finally {
    button.disabled = false;
    if (focused && document.activeElement === document.body) button.focus();
  }
}

/** The browser saves it, by that name where one is given, and the page stays. */
export function download(address, name = "") {
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
