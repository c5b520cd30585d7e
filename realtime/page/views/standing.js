/** What the moderators have decided about the user, to those who are banned and to others; and appeals. */

import { againstWarning, appealed, awaitsLook, barred, decided, standingWords, warning, why } from "../safety-words.js";
import { filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { byId, firstHeading, h, show, submitting, text, valid } from "./dom.js";

export function standingView({ safety, signOut }) {
  byId("banned-again").addEventListener("click", () => safety.loadStanding());
  byId("banned-out").addEventListener("click", signOut);
  byId("warning-seen").addEventListener("click", () => {
    safety.seen();
    firstHeading()?.focus(); // the button is gone, and with it the place of the keyboard
  });
  byId("warning-more").addEventListener("click", (event) => {
    if (location.hash !== event.target.hash) return; // going there shows it
    event.preventDefault();
    safety.seen();
    byId("standing-title").focus();
  });
  document.addEventListener("visibilitychange", () => {
    const told = ["banned", "warning"].some((id) => !byId(id).hidden); // which may be over, or read in another tab
    if (!document.hidden && told) safety.loadStanding();
  });
  let drawn = "";

  function drawStrikes({ standing, settings }) {
    const strikes = standing?.strikes ?? [];
    for (const list of ["banned-strikes", "standing-strikes"]) {
      byId(list).replaceChildren(...strikes.map((strike) => strikeItem(strike, settings, safety)));
      show(byId(list), strikes.length > 0);
    }
    text(byId("standing-text"), standing ? standingWords(standing, settings) : "");
  }

  function drawBanned(state) {
    const { until, standing, settings } = state;
    const last = (standing ? (standing.restricted_until ?? null) : until) ?? null;
    const unseen = standing !== null && awaitsLook(standing);
    text(byId("banned-title"), last || unseen ? words.standing.suspended_title : words.standing.banned_title);
    text(byId("banned-text"), barred({ until: last, unseen }, settings));
  }

  return (state) => {
    const banned = state.account === "banned" && state.place.name !== "letter";
    const appeared = banned && byId("banned").hidden;
    show(byId("banned"), banned);
    const now = JSON.stringify([state.standing, state.settings]);
    if (drawn !== now) drawStrikes(state); // and else not: somebody may be writing an appeal
    if (banned) drawBanned(state);
    if (appeared) byId("banned-title").focus();
    warn(state);
    drawn = now;
  };
}

/** A warning stands above everything until the user has read it. In a call there is no way from it to elsewhere. */
function warn({ account, warned, encounter }) {
  const talking = encounter.phase === "call";
  text(byId("warning-text"), warned ? warning(warned) : "");
  text(byId("warning-appeal"), againstWarning(talking));
  show(byId("warning-more"), !talking);
  show(byId("warning"), account === "in" && warned !== null);
}

function strikeItem(strike, settings, safety) {
  const title = decided(strike, settings);
  const at = h("small", { class: "hint" }, filled(words.standing.decided_on, { at: dateAndTime(strike.at, settings) }));
  const item = h("li", { "data-strike": strike.id }, h("h3", { tabIndex: -1 }, title), h("p", {}, why(strike.reason)), at);
  item.append(...(strike.appeal ? said(strike.appeal) : [appealForm(strike, title, safety)]));
  return item;
}

function said(appeal) {
  return [h("p", { role: "status" }, appealed(appeal)), h("blockquote", { class: "clamped" }, appeal.text)];
}

/** What has become of the form has the keyboard. */
function appealing(form, id) {
  if (!form.isConnected) [...document.querySelectorAll(`[data-strike="${id}"] h3`)].find((title) => title.checkVisibility())?.focus();
}

function appealForm({ id }, title, safety) {
  const t = words.standing;
  const said = h("textarea", { name: "text", rows: 3, maxLength: 4000, required: true });
  const wrong = h("p", { class: "wrong", role: "alert", "data-form-error": "", hidden: true });
  const button = h("button", { class: "primary", "aria-label": filled(t.appeal_to, { title }) }, t.appeal);
  const form = h("form", { noValidate: true }, wrong, h("label", {}, t.why_wrong, said), h("div", { class: "row" }, button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => safety.appeal(id, said.value)).then(() => appealing(form, id));
  });
  return h("details", {}, h("summary", {}, t.appealing), form);
}
