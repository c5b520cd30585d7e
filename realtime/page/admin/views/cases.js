/** The queue: the most severe first, and of those the oldest. */

import { options } from "../state.js";
import { REASONS, STATES, count, decided, reason } from "../words.js";
import { byId, drawList, h, joined, tag, time, timeLeft } from "./parts.js";

/** Whose a case is now, in words. */
export function claimWords(found, me) {
  const { claimed, mine } = options(found, me, Date.now());
  return claimed ? [mine ? "Claimed by you, " : "Claimed by another moderator, ", timeLeft(found.claimed_until)] : [];
}

export function casesView({ store, desk }) {
  const form = byId("cases-filter");
  const chosen = (words) => Object.entries(words).map(([value, name]) => h("option", { value }, name));
  form.elements.state.append(...chosen(STATES));
  form.elements.reason.append(...chosen({ "": "Any", ...REASONS }));
  form.addEventListener("change", () => {
    store.dispatch("filter", { filter: Object.fromEntries(new FormData(form)) });
    desk.load();
  });

  function row(me, found) {
    const claimed = claimWords(found, me);
    return h(
      "li",
      { "data-item": found.id },
      h(
        "a",
        { class: "row-link", href: `#case/${found.id}`, "data-row": "", "data-keep": found.id },
        h(
          "span",
          { class: "row" },
          tag(reason(found.reason), `severity-${Math.min(found.severity, 9)} ${found.reason}`),
          found.suspended ? tag("suspended until decided", "warn") : "",
          found.user.role === "user" ? "" : tag(found.user.role),
        ),
        h("b", { class: "clamped" }, found.user.display_name || "(no name)"),
        h(
          "span",
          { class: "hint" },
          ...joined([
            `${count(found.report_count, "report")} by ${count(found.reporters, "person", "people")}`,
            time(found.opened_at),
            found.decision && decided(found.decision),
          ]),
        ),
        ...(claimed.length ? [h("span", { class: "hint claimed" }, ...claimed)] : []),
      ),
    );
  }

  return ({ account, lists, me, filter }) => {
    if (account !== "in") return;
    for (const [name, value] of Object.entries(filter)) form.elements[name].value = value;
    drawList(byId("cases-list"), lists.cases, {
      row: (found) => row(me, found),
      none: filter.state || filter.reason ? "There is no such case." : "Nothing to do here.",
      more: () => desk.load({ more: true }),
      also: [me, lists.cases.items.map((found) => options(found, me, Date.now()).claimed)],
    });
  };
}
