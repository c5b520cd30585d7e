/** Pictures and videos of profiles: those that wait for a moderator, and in a case or of a person all that they show. */

import { REASONS, reviewed } from "../words.js";
import { noteField } from "./asking.js";
import { action, byId, drawList, h, joined, person, section, tag, time } from "./parts.js";

function reasonField() {
  const reasons = Object.entries(REASONS).map(([value, name]) => h("option", { value }, name));
  const empty = h("option", { value: "" }, "Choose one");
  return h("label", {}, "Why, which its owner is told", h("select", { name: "reason", required: true }, empty, ...reasons));
}

const shown = ({ type }) => (type === "video" ? "video" : "picture");

/** What a moderator does with them. */
export function reviewing({ desk, asking }) {
  /** What is decided stays until the list is loaded again: the keyboard goes on with the next one. */
  async function pass({ id }) {
    if (await desk.decideMedia(id, { action: "pass" })) next(id);
  }

  async function remove(item) {
    const who = item.user.display_name || "this person";
    const act = ({ reason: why, note }) =>
      desk.decideMedia(item.id, { action: "remove", reason: why, ...(note.trim() && { note: note.trim() }) });
    const done = await asking.ask({
      title: `Remove this ${shown(item)} of ${who}?`,
      words: "Nobody else sees it any more, and it is known when somebody uploads it again. They are told why.",
      fields: [reasonField(), noteField()],
      yes: "Remove",
      danger: true,
      act,
    });
    if (done) next(item.id);
  }

  return { pass, remove, look: ({ id }) => desk.look(id), undo: ({ id }) => desk.undoMedia(id) };
}

function next(id) {
  const rows = [...document.querySelectorAll(".media [data-row]")].filter((row) => row.checkVisibility());
  const at = rows.findIndex(({ dataset }) => dataset.keep === id);
  rows[Math.min(at + 1, rows.length - 1)]?.focus();
}

/** Behind a veil, and not even fetched, until a moderator asks for it. */
function picture(item, look = {}) {
  const words = look.shown ? (look.address ? "" : "Loading…") : `The ${shown(item)} is hidden.`;
  const name = `A ${shown(item)} of ${item.user.display_name || "this person"}`;
  const drawn = look.moves
    ? h("video", { src: look.address, controls: look.shown, muted: true, "aria-label": name })
    : h("img", { src: look.address ?? "", alt: name });
  return h(
    "figure",
    { class: `picture ${look.shown ? "" : "veiled"}` },
    look.address ? drawn : h("div", { class: "veil", "aria-hidden": "true" }),
    ...(words ? [h("figcaption", {}, words)] : []),
  );
}

function item(media, { review, looks, busy, named = true }) {
  const { id, user, type, state, waits, resembles, decision, uploaded_at, reason: said } = media;
  const look = looks[id];
  const removed = decision?.action === "remove";
  const button = (key, words, act, kind = "") => action(key, words, () => act(media), { disabled: busy, kind });
  return h(
    "li",
    { "data-item": id, class: "media" },
    h(
      "div",
      { class: "row-link", tabIndex: 0, "data-row": "", "data-keep": id },
      h(
        "span",
        { class: "row" },
        tag(reviewed(media), waits || removed ? "warn" : ""),
        resembles ? tag("looks like one that was removed", "warn") : "",
        type === "video" ? tag("video") : "",
        named ? person(user.user_id, user.display_name) : "",
      ),
      picture(media, look),
      h(
        "span",
        { class: "hint" },
        ...joined([
          h("span", {}, "uploaded ", time(uploaded_at)),
          !removed && said && h("span", {}, "the scanner: ", said),
          decision && h("span", {}, "decided ", time(decision.at), " by ", person(decision.by, "a moderator")),
          decision?.note && h("span", {}, "note: ", decision.note),
        ]),
      ),
    ),
    h(
      "p",
      { class: "row" },
      button("e", look?.shown ? "Hide" : "Show", review.look),
      ...(removed || (decision && !waits) || (state === "ready" && !waits) ? [] : [button("g", "Pass", review.pass)]),
      ...(removed ? [button("u", "Undo", review.undo)] : [button("r", "Remove", review.remove)]),
    ),
  );
}

/** All that somebody shows; nothing where that is nothing. */
export function mediaPart(media, how) {
  return section("Pictures", ...(media.length ? [h("ul", { class: "rows" }, ...media.map((each) => item(each, how)))] : []));
}

export function mediaView({ desk, asking }) {
  const review = reviewing({ desk, asking });

  return ({ account, lists, looks, busy }) => {
    if (account !== "in") return;
    drawList(byId("media-list"), lists.media, {
      row: (each) => item(each, { review, looks, busy }),
      none: "No picture waits.",
      more: () => desk.load({ more: true }),
      also: [looks, busy],
    });
  };
}
