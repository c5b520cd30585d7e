/** Looking for people. */

import { byId, drawList, h, joined, tag, time } from "./parts.js";

export function peopleView({ store, desk }) {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    store.dispatch("search", { q: byId("q").value });
    desk.load();
    byId("people-title").focus();
  });

  const row = (user) =>
    h(
      "li",
      { "data-item": user.id },
      h(
        "a",
        { class: "row-link", href: `#person/${user.id}`, "data-row": "", "data-keep": user.id },
        h(
          "span",
          { class: "row" },
          h("b", { class: "clamped" }, user.display_name || "(no name)"),
          user.role === "user" ? "" : tag(user.role),
          user.status === "active" ? "" : tag(user.status, "warn"),
          user.deleted_at ? tag("deleted") : "",
        ),
        h(
          "span",
          { class: "hint clamped" },
          ...joined([user.username, user.email, h("span", {}, "since ", time(user.created_at))]),
        ),
      ),
    );

  return ({ account, lists }) => {
    if (account !== "in") return;
    drawList(byId("people-list"), lists.people, { row, none: "Nobody is found by this.", more: () => desk.load({ more: true }) });
  };
}
