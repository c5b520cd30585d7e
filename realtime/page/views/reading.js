/**
 * Where in a room somebody reads: at the end, which stays in view, or further up, where nothing moves under their eyes. Earlier messages come
 * by themselves as they scroll up; what is new, and the latest, are one button away.
 */

import { contiguousUpTo } from "../rooms-state.js";
import { counted, words } from "../texts.js";
import { byId, h, show, text } from "./dom.js";

const NEAR_END_PX = 80;
const END_PX = 4;
const LOW_PX = 150; // where less is seen, a button over it would cover what one looks for
const NEAR_START_PX = 400;
const FOUND_MS = 2_000;

/** `room()`: as it is now, of the one that is open. */
export function reading({ chat, here, room }) {
  const scroll = byId("room-scroll");
  const earlier = byId("room-older");
  const toUnread = h("button", { type: "button", class: "to-unread", hidden: true });
  const toLatest = h("button", { type: "button", class: "to-latest", hidden: true, "aria-label": words.groups.to_latest }, "↓");
  scroll.after(h("div", { class: "jumps" }, toUnread, toLatest));
  let mark = { after: 0, unread: 0 };
  // `arriving`: nothing has been seen of the room yet; `sought`: they were where it begins.
  // `staying`: the end is in view, and stays so whatever grows: pictures come, somebody writes on several lines.
  let [arriving, sought, loading, latest, leaping, staying] = [false, false, false, 0, false, true];

  earlier.addEventListener("click", () => older());
  toUnread.addEventListener("click", jump);
  toLatest.addEventListener("click", async () => {
    if (room()?.behind) await chat.latest(here());
    end();
    scroll.focus();
  });
  scroll.addEventListener("scroll", () => {
    if (scroll.scrollTop < NEAR_START_PX && !arriving && room()?.has_more) older();
    if (room()?.behind && !arriving && atEnd()) later();
    staying = atEnd(END_PX);
    buttons(room());
  });

  const atEnd = (within = NEAR_END_PX) => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < within;
  const end = () => {
    scroll.scrollTop = scroll.scrollHeight;
    staying = true;
  };
  // What one opens there is seen, and not what is below it.
  byId("room-messages").addEventListener("click", () => {
    staying = false;
    requestAnimationFrame(() => (staying = atEnd(END_PX)));
  });
  const grown = new ResizeObserver(() => staying && !leaping && !room()?.behind && end());
  for (const part of [scroll, byId("room-messages")]) grown.observe(part);

  function opened({ read_seq, unread, last_seq }) {
    mark = { after: read_seq, unread };
    [arriving, sought, latest] = [true, false, last_seq];
    scroll.setAttribute("aria-busy", "true"); // what was there before is not read out as if it were new
  }

  /** Messages change; the first that was in view stays where it is, unless the end was. */
  function keeping(shown, change) {
    const following = (staying || atEnd()) && !shown.behind && !leaping;
    const [first, top] = following ? [] : inView();
    change();
    if (arriving) return arrive(shown);
    if (following) end();
    else if (first?.isConnected) scroll.scrollTop += first.getBoundingClientRect().top - top;
  }

  function inView() {
    const edge = scroll.getBoundingClientRect().top;
    const first = [...byId("room-messages").children].find((item) => item.getBoundingClientRect().bottom > edge);
    return [first, first?.getBoundingClientRect().top];
  }

  function goTo(item, block) {
    item.scrollIntoView({ block });
    staying = atEnd(END_PX);
  }

  /** One begins at what is new; else at the end. */
  function arrive(shown) {
    const { last_seq, outgoing } = shown;
    const whole = contiguousUpTo(shown) === last_seq;
    const sign = document.getElementById("room-mark");
    if (sign?.isConnected && mark.unread) goTo(sign, "start");
    else end();
    if (!whole && last_seq && !outgoing.length) return;
    arriving = false;
    requestAnimationFrame(() => scroll.removeAttribute("aria-busy"));
  }

  async function older() {
    if (loading || !room()?.messages.length) return;
    loading = true;
    scroll.setAttribute("aria-busy", "true");
    await chat.older(here()).finally(() => (loading = false));
    requestAnimationFrame(() => scroll.removeAttribute("aria-busy"));
  }

  /** What is below, where the latest is further down. */
  async function later() {
    if (loading) return;
    loading = true;
    await chat.later(here()).finally(() => (loading = false));
  }

  async function jump() {
    const id = here();
    scroll.setAttribute("aria-busy", "true");
    const there = await chat.backTo(id, mark.after + 1);
    const sign = document.getElementById("room-mark");
    if (there && sign && id === here()) goTo(sign, "start");
    requestAnimationFrame(() => scroll.removeAttribute("aria-busy"));
    sought = true;
    buttons(room());
    scroll.focus();
  }

  /** To a message that may be far away. It has the keyboard then, so that it is read out. */
  async function to(seq) {
    const id = here();
    scroll.setAttribute("aria-busy", "true");
    leaping = true;
    const there = await chat.around(id, seq).finally(() => (leaping = false));
    const found = there && id === here() ? byId("room-messages").querySelector(`[data-seq="${seq}"]`) : null;
    if (found) {
      arriving = false;
      goTo(found, "center");
      found.tabIndex = -1;
      found.focus({ preventScroll: true });
      found.classList.add("found");
      setTimeout(() => found.classList.remove("found"), FOUND_MS);
    }
    requestAnimationFrame(() => scroll.removeAttribute("aria-busy"));
  }

  function buttons(shown) {
    if (!shown) return;
    const first = shown.messages[0]?.seq ?? 0;
    const above = mark.unread > 0 && !sought && !arriving && first > mark.after + 1;
    show(toUnread, above);
    if (above) text(toUnread, `↑ ${counted(words.groups.to_unread, mark.unread)}`);
    show(toLatest, !arriving && scroll.clientHeight > LOW_PX && (shown.behind || !atEnd()));
    toLatest.classList.toggle("news", shown.last_seq > latest);
    if (atEnd() && !shown.behind) latest = shown.last_seq;
    show(earlier, shown.has_more === true);
  }

  return {
    get mark() {
      return mark;
    },
    opened,
    keeping,
    draw: buttons,
    to,
    toLatest: end,
  };
}
