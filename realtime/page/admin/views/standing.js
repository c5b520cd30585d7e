/** How somebody stands, and why they may be somebody that was banned: the same of a case and of a person. */

import { count, decided, mark, reason } from "../words.js";
import { action, h, joined, person, section, tag, time } from "./parts.js";

/** A suspension without an end waits for something: the decision of a case, or the birth date of somebody who may be a minor. */
function until(end, what) {
  if (end) return ["until ", time(end)];
  return [what === "suspend" ? "until it is settled" : "for good"];
}

const appeals = { open: "appealed, not decided yet", granted: "appealed, granted", refused: "appealed, refused" };

/** Strikes, newest first; those that were lifted are struck through. */
export function strikesPart(strikes) {
  const item = ({ action: what, reason: why, at, until: end, by, lifted_at, case_id, appeal }) =>
    h(
      "li",
      { class: lifted_at ? "over" : "" },
      tag(decided({ action: what })),
      " ",
      h("span", { class: "clamped" }, reason(why)),
      h(
        "span",
        { class: "hint" },
        ...joined([
          time(at),
          what === "suspend" ? h("span", {}, ...until(end, what)) : null,
          by === undefined ? null : by ? person(by, "by a moderator") : "by the system",
          lifted_at && h("span", {}, "lifted ", time(lifted_at)),
          appeal && (appeals[appeal.state ?? appeal] ?? null),
          case_id && h("a", { href: `#case/${case_id}` }, "case"),
        ]),
      ),
    );
  return section(
    count(strikes.length, "strike"),
    strikes.length ? h("ul", { class: "plain" }, ...strikes.map(item)) : h("p", { class: "calm" }, "None so far."),
  );
}

export function penaltiesPart(penalties) {
  const item = ({ action: what, reason: why, at, until: end }) =>
    h(
      "li",
      {},
      tag(decided({ action: what }), "warn"),
      " ",
      h("span", { class: "clamped" }, reason(why)),
      h("span", { class: "hint" }, "since ", time(at), ", ", ...until(end, what)),
    );
  return section("Holds now", ...(penalties.length ? [h("ul", { class: "plain" }, ...penalties.map(item))] : []));
}

/** Why they may be somebody that was banned. What a moderator has cleared is shown, and not asked again. */
export function suspicionsPart(suspicions, clear) {
  const open = suspicions.filter(({ cleared_at }) => cleared_at === null);
  const item = ({ of_user_id, shared, weight, suspect, at, cleared_at }) =>
    h(
      "li",
      { class: cleared_at ? "over" : "" },
      suspect ? tag("matched with suspects alone", "warn") : tag("kept from whom they hurt"),
      " ",
      h("span", {}, "May be ", person(of_user_id, "this banned person"), `: the same ${shared.map(mark).join(", ")}.`),
      h(
        "span",
        { class: "hint" },
        ...joined([`weight ${weight.toFixed(1)}`, time(at), cleared_at && h("span", {}, "cleared ", time(cleared_at))]),
      ),
    );
  if (!suspicions.length) return [];
  return section(
    "May be somebody that was banned",
    h("ul", { class: "plain" }, ...suspicions.map(item)),
    ...(open.length ? [h("p", {}, action("x", "They are somebody else", clear))] : []),
  );
}
