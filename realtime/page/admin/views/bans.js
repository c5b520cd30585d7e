/** Bans: those that hold and those that are over; giving one, and lifting it. */

import { reason } from "../words.js";
import { action, byId, drawList, h, joined, person, tag, time } from "./parts.js";
import { banFields } from "./person.js";

/** Asks, and lifts a ban. */
export function lifting({ desk, asking }) {
  return async ({ id, display_name }) => {
    const words = "Its strike is lifted too. They sign in again to come back.";
    const title = `Lift the ban of ${display_name || "this person"}?`;
    await asking.ask({ title, words, yes: "Lift", act: () => desk.lift(id) });
  };
}

export function banItem(ban, { lift, named = true }) {
  const { id, user_id, display_name, reason: why, by, created_at, active, begins_at, until, lifted_at } = ban;
  const over = lifted_at || (until && !active);
  return h(
    "li",
    { "data-item": id, class: over ? "over" : "" },
    h(
      "div",
      { class: "row-link", tabIndex: 0, "data-row": "", "data-keep": id },
      h(
        "span",
        { class: "row" },
        active ? tag(until ? "suspended" : "banned", "warn") : tag(over ? "over" : "not yet"),
        named ? person(user_id, display_name) : "",
      ),
      h("span", { class: "clamped" }, reason(why)),
      h(
        "span",
        { class: "hint" },
        ...joined([
          h("span", {}, "since ", time(begins_at ?? created_at)),
          until ? h("span", {}, "until ", time(until)) : "for good",
          by ? person(by, "by a moderator") : "by the system",
          lifted_at && h("span", {}, "lifted ", time(lifted_at)),
        ]),
      ),
    ),
    ...(over
      ? []
      : [
          h(
            "p",
            {},
            action("l", "Lift", () => lift(ban)),
          ),
        ]),
  );
}

export function bansView({ desk, asking }) {
  const lift = lifting({ desk, asking });

  byId("new-ban").addEventListener("click", async () => {
    await asking.ask({
      title: "Ban somebody",
      words: "They are out at once, and can appeal. Their id stands on their page under People.",
      fields: banFields({ asked: true }),
      yes: "Ban",
      danger: true,
      act: (given) => desk.ban(given),
    });
  });

  return ({ account, lists }) => {
    if (account !== "in") return;
    drawList(byId("bans-list"), lists.bans, {
      row: (ban) => banItem(ban, { lift }),
      none: "Nobody is banned.",
      more: () => desk.load({ more: true }),
    });
  };
}
