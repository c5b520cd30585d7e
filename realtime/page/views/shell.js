/** The frame of the page: navigation, the connection's banner, notices, the title, and what screen readers announce. */

import { waiting } from "../friends-state.js";
import { entryOf } from "../route.js";
import { unreadInAll } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { notice, ending } from "../words.js";
import { byId, show, text } from "./dom.js";

export function shellView({ store }) {
  byId("notice-close").addEventListener("click", () => {
    const { notice } = store.state;
    store.dispatch(...(notice === null ? ["page:lobby"] : ["page:notice", { text: null }]));
  });
  byId("pill").addEventListener("click", () => (location.hash = "meet"));

  return (state) => {
    const signedIn = state.account === "in";
    show(byId("starting"), state.account === "unknown");
    text(byId("starting-text"), state.reachable ? words.shell.starting : words.shell.unreachable);
    show(byId("shell"), signedIn);
    show(byId("link"), signedIn && state.link !== "online");
    text(byId("link"), state.link === "online" ? "" : words.shell[state.link]);
    const said = told(state);
    show(byId("notice"), said !== null);
    text(byId("notice-text"), said ?? "");
    show(byId("notice-more"), state.notice === "reported");
    markPlace(entryOf(state.place));
    badge("unread", unreadInAll(state), words.shell.unread);
    badge("asked", waiting(state), words.shell.requests);
    badge("news-unread", state.news.unread, words.shell.unread);
    const now = announcement(state);
    text(byId("announce"), now);
    document.title = title(now, unreadInAll(state));
    const away = state.place.name !== "meet";
    show(byId("pill"), signedIn && away && state.encounter.phase === "waiting");
    text(byId("pill"), words.shell.pill);
  };
}

/** What there is to say; also how a call of theirs ended, where the place that tells it is not on the screen. */
function told({ notice: code, wait_ms, encounter, place, account }) {
  if (code !== null) return notice(code, wait_ms);
  const unseen = account === "in" && encounter.phase === "over" && encounter.origin === "direct" && place.name !== "meet";
  return unseen ? `${ending(encounter)}.` : null;
}

function title(now, unread) {
  const said = now ? `${now} · Realtime Connect` : "Realtime Connect";
  return unread ? `(${unread}) ${said}` : said;
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
  element.setAttribute("aria-label", counted(what, count));
}

function announcement({ encounter }) {
  const { phase, state, peer, origin, outgoing } = encounter;
  const t = words.shell;
  if (phase === "waiting") return t.waiting;
  if (origin === "echo") return t.echo;
  if (phase === "offered") return filled(outgoing ? t.calling : origin === "direct" ? t.rings : t.offered, { name: peer.display_name });
  if (phase === "call") return filled(state === "connecting" ? t.connecting_to : t[state], { name: peer.display_name });
  return phase === "over" ? ending(encounter) : "";
}
