/** The frame of the page: navigation, the connection's banner, notices, the title, and what screen readers announce. */

import { waiting } from "../friends-state.js";
import { entryOf } from "../route.js";
import { unreadInAll } from "../state.js";
import { notice, ending } from "../words.js";
import { byId, show, text } from "./dom.js";

const LINK = {
  connecting: "Connecting…",
  away: "Connection lost. Trying to get it back…",
  online: "",
};

export function shellView({ store }) {
  byId("notice-close").addEventListener("click", () => store.dispatch("page:notice", { text: null }));
  byId("pill").addEventListener("click", () => (location.hash = "meet"));

  return (state) => {
    const signedIn = state.account === "in";
    show(byId("starting"), state.account === "unknown");
    text(byId("starting-text"), state.reachable ? "Starting…" : "The server cannot be reached. Trying again…");
    show(byId("shell"), signedIn);
    show(byId("link"), signedIn && state.link !== "online");
    text(byId("link"), LINK[state.link]);
    show(byId("notice"), state.notice !== null);
    text(byId("notice-text"), state.notice === null ? "" : notice(state.notice, state.wait_ms));
    show(byId("notice-more"), state.notice === "reported");
    markPlace(entryOf(state.place));
    badge("unread", unreadInAll(state), "unread");
    badge("asked", waiting(state), waiting(state) === 1 ? "request" : "requests");
    badge("news-unread", state.news.unread, "unread");
    const told = announcement(state);
    text(byId("announce"), told);
    document.title = told ? `${told} · Realtime Connect` : "Realtime Connect";
    const away = state.place.name !== "meet";
    show(byId("pill"), signedIn && away && state.encounter.phase === "waiting");
    text(byId("pill"), "Looking for someone…");
  };
}

function markPlace(name) {
  for (const link of byId("shell").querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function badge(id, count, what) {
  const element = byId(id);
  show(element, count > 0);
  text(element, count > 99 ? "99+" : String(count));
  element.setAttribute("aria-label", `${count} ${what}`);
}

const CALLS = { connecting: "Connecting to", live: "In a call with", reconnecting: "Getting the connection back to" };

function announcement({ encounter }) {
  if (encounter.phase === "waiting") return "Looking for someone";
  if (encounter.phase === "offered") return `Somebody for you: ${encounter.peer.display_name}`;
  if (encounter.phase === "call") return `${CALLS[encounter.state]} ${encounter.peer.display_name}`;
  return encounter.phase === "over" ? ending(encounter) : "";
}
