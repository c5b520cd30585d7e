/** Appeals against strikes: those that wait for a decision come first. */

import { decided, reason } from "../words.js";
import { noteField } from "./asking.js";
import { action, byId, drawList, h, joined, person, tag, time, written } from "./parts.js";

const STATES = { open: "to decide", granted: "granted", refused: "refused" };

export function appealsView({ desk, asking }) {
  async function decide({ id, display_name }, grant) {
    const words = grant ? "The strike and its ban are lifted." : "The strike stays.";
    const title = `${grant ? "Grant" : "Refuse"} the appeal of ${display_name || "this person"}?`;
    const act = (given) => desk.decideAppeal(id, { grant, ...given });
    await asking.ask({ title, words, fields: [noteField()], yes: grant ? "Grant" : "Refuse", act });
  }

  function row(appeal) {
    const { id, user_id, display_name, strike, text, at, state, note } = appeal;
    return h(
      "li",
      { "data-item": id },
      h(
        "div",
        { class: "row-link", tabIndex: 0, "data-row": "", "data-keep": id },
        h("span", { class: "row" }, tag(STATES[state] ?? state, state === "open" ? "warn" : ""), person(user_id, display_name)),
        written(text),
        h("span", {}, "Against: ", h("b", {}, decided(strike)), ", ", h("span", { class: "clamped" }, reason(strike.reason))),
        h(
          "span",
          { class: "hint" },
          ...joined([
            h("span", {}, "appealed ", time(at)),
            h("span", {}, "struck ", time(strike.at)),
            strike.by ? person(strike.by, "by a moderator") : "by the system",
            strike.until && h("span", {}, "until ", time(strike.until)),
            strike.case_id && h("a", { href: `#case/${strike.case_id}` }, "case"),
          ]),
        ),
        ...(note ? [h("span", { class: "hint" }, "Note: ", note)] : []),
      ),
      ...(state === "open"
        ? [
            h(
              "p",
              { class: "row" },
              action("g", "Grant", () => decide(appeal, true)),
              action("r", "Refuse", () => decide(appeal, false)),
            ),
          ]
        : []),
    );
  }

  return ({ account, lists }) => {
    if (account !== "in") return;
    drawList(byId("appeals-list"), lists.appeals, { row, none: "Nobody has appealed.", more: () => desk.load({ more: true }) });
  };
}
