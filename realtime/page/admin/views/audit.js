/** The audit log, for admins: who did what to whom. */

import { byId, drawList, h, joined, person, show, tag, text, time } from "./parts.js";

const TIMES = ["until", "begins_at"];

/** A detail of an entry in words; times are in ms there. */
function said(name, value) {
  if (TIMES.includes(name) && value) return time(new Date(value).toISOString());
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function auditView({ store, desk }) {
  /** The end of an id: its beginning is the time, and the same of many. */
  const name = (id) => (id === store.state.me.id ? "you" : `…${id.slice(-12)}`);
  const who = (id, words) => (id === "system" ? "by the system" : h("span", {}, words, " ", person(id, name(id))));

  function row({ id, at, actor, action, subject_id, details }) {
    const more = Object.entries(details).map(([name, value]) => h("span", {}, `${name}: `, said(name, value)));
    return h(
      "li",
      { "data-item": id },
      h(
        "div",
        { class: "row-link", tabIndex: 0, "data-row": "", "data-keep": id },
        h("span", { class: "row" }, tag(action.replaceAll("_", " ")), h("span", { class: "hint" }, time(at))),
        h("span", {}, ...joined([who(actor, "by"), subject_id && who(subject_id, "about")])),
        ...(more.length ? [h("span", { class: "hint" }, ...joined(more, ", "))] : []),
      ),
    );
  }

  return ({ account, lists, place }) => {
    if (account !== "in") return;
    show(byId("audit-of"), place.name === "audit" && place.id !== null);
    text(byId("audit-of"), `What ${place.id} did, and what was done to them.`);
    drawList(byId("audit-list"), lists.audit, { row, none: "Nothing has been noted.", more: () => desk.load({ more: true }) });
  };
}
