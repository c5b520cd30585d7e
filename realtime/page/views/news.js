/** What there is to know: a list, each with where it leads. */

import { shownNews } from "../news-state.js";
import { toldOf } from "../news-words.js";
import { serverTime } from "../state.js";
import { filled, words } from "../texts.js";
import { when } from "../words.js";
import { arrange, h, section, show, text } from "./dom.js";

export function newsView({ news }) {
  const t = words.news;
  const said = h("p", { class: "calm" });
  const [all, more] = [button(t.all_read, () => readAll()), button(t.earlier, () => news.load({ more: true }))];
  const list = h("ul", { class: "news", "aria-label": t.title });
  const settings = h("p", { class: "calm" }, h("a", { href: "#profile" }, t.settings));
  const place = section("notifications", t.title, h("div", { class: "row" }, all, settings), said, list, more);
  let seen = false;

  function readAll() {
    place.querySelector("h1").focus(); // the button goes, and with it the place of the keyboard
    news.readAll();
  }

  return (state, now) => {
    const before = seen;
    seen = state.account === "in" && state.place.name === "notifications";
    show(place, seen);
    if (!seen) return;
    if (!before) queueMicrotask(() => news.look()); // a view never changes the state while it is drawn
    const { unread, items, next_cursor } = state.news;
    const shown = shownNews(state, serverTime(state, now));
    text(said, items === null ? t.wait : t.none);
    show(said, items === null || shown.length === 0);
    show(all, unread > 0);
    show(more, Boolean(next_cursor));
    arrange(list, shown.map((item) => kept(list, item, when(item.created_at, now, state.settings), news)));
  };
}

function button(does, action) {
  const made = h("button", { type: "button", class: "quiet" }, does);
  made.addEventListener("click", action);
  return made;
}

/** The item that is in the list already, or a new one: where the keyboard is, it stays. */
function kept(list, item, at, news) {
  const of = JSON.stringify([item, at]);
  const there = [...list.children];
  const same = there.find((child) => child.dataset.of === of);
  if (same) return same;
  const made = entry(item, at, news);
  made.dataset.of = of;
  made.dataset.id = item.id;
  const within = there.find((child) => child.dataset.id === item.id)?.contains(document.activeElement);
  if (within) queueMicrotask(() => made.querySelector("h2").focus());
  return made;
}

function entry(item, at, news) {
  const time = h("p", { class: "hint" }, h("time", { dateTime: item.created_at }, at));
  if (!item.read_at) time.append(" · ", h("b", {}, words.news.fresh));
  const { title, body } = toldOf(item);
  const more = body ? [h("p", {}, body)] : [];
  return h("li", { class: item.read_at ? "card read" : "card" }, h("h2", { tabIndex: -1 }, title), ...more, time, ...deeds(item, news));
}

function deeds(item, news) {
  const made = [];
  const { title, label } = toldOf(item);
  const which = (does) => filled(words.news.which, { does, title });
  const { url } = item.action ?? {};
  // To places of this page alone, whatever a link of another version is for.
  if (url?.startsWith("/#")) {
    const link = h("a", { class: "button", href: url.slice(1), "aria-label": which(label) }, label);
    link.addEventListener("click", () => item.read_at || news.read(item.id));
    made.push(link);
  }
  if (!item.read_at) {
    const seen = button(words.news.read, () => news.read(item.id));
    seen.setAttribute("aria-label", which(words.news.read));
    made.push(seen);
  }
  return made.length ? [h("div", { class: "row" }, ...made)] : [];
}
