/** What is around every place: navigation, notices, the title, and where the focus goes. Drawn last. */

import { beginning, byId, show, text } from "./parts.js";

const WITHIN = { case: "cases", person: "people", place: "places" };

export function frameView({ store }) {
  byId("notice-close").addEventListener("click", () => store.dispatch("notice", { text: null }));
  let [before, wanted] = [null, null];

  /** Whoever comes back from something stands where they left; elsewhere reading begins at the heading. */
  function focus({ place, lists, things }) {
    if (before !== place) wanted = before && WITHIN[before.name] === place.name ? before.id : place;
    before = place;
    const root = byId(place.name);
    const row = typeof wanted === "string" && root.querySelector(`[data-keep="${CSS.escape(wanted)}"]`);
    const there = !["idle", "loading"].includes((lists[place.name] ?? things[place.name]).status);
    // What one came from may be decided, and not in the list any more; what one goes to may not be there.
    const found = row || (wanted && (there || wanted === place) && (there ? beginning(root) : root.querySelector("h1")));
    if (!found || !found.checkVisibility()) return;
    wanted = null;
    if (document.activeElement !== byId("q")) found.focus();
  }

  return (state) => {
    const { account, place, notice, said, me } = state;
    const there = account === "in";
    for (const element of [byId("shell"), byId("foot")]) show(element, there);
    for (const section of document.querySelectorAll(".place")) show(section, there && section.id === place.name);
    for (const name of ["audit-link", "call-link", "places-link"]) show(byId(name), there && me.role === "admin");
    text(byId("me"), there ? me.display_name : "");
    show(byId("notice"), notice !== null);
    text(byId("notice-text"), notice ?? "");
    for (const link of byId("shell").querySelectorAll("nav a")) {
      if (link.hash === `#${WITHIN[place.name] ?? place.name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const heading = there && byId(place.name).querySelector("h1")?.textContent;
    document.title = heading ? `${heading} · Moderation` : "Moderation · Realtime Connect";
    text(byId("announce"), said);
    if (there) focus(state);
    else before = null;
  };
}
