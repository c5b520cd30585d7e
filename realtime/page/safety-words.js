/** What the page says of reports, blocks and what moderators decide. Pure. */

import { filled, words } from "./texts.js";
import { dateAndTime } from "./words.js";

/** Why moderators decided: a reason of reports, or what they wrote. */
export function why(reason) {
  return reason === "other" ? words.standing.against_rules : (words.reasons[reason] ?? reason);
}

/** What a report does, and what goes with it; `ends`: the call goes on, and ends by it; `pictured`: a picture is sent too. */
export function reporting({ subject }, { ends, pictured }) {
  const t = words.report;
  return [ends ? t.ends : "", filled(pictured ? t.sent_with_picture : t.sent, { what: t[subject.type] })].filter(Boolean).join(" ");
}

/** `Report Ben`, `Report a message of Ben` */
export function reportTitle({ subject, peer }) {
  return filled(subject.type === "message" ? words.report.title_message : words.report.title, { name: peer.display_name });
}

/** Why there is no more to see of somebody than their name; `missed`: of a call with them that was not answered. */
export function unseen({ blocked, missed }) {
  const t = words.person;
  return blocked ? t.blocked : missed ? t.missed : t.unseen;
}

/** What is asked before somebody is blocked. */
export function blocking(name) {
  return filled(words.person.blocking, { name });
}

/** What a warning says at once; what can be done against it during a call has to wait for its end. */
export function warning({ reason }) {
  return filled(words.standing.warning, { why: why(reason) });
}

/** How to appeal against a warning. */
export function againstWarning(talking) {
  return talking ? words.standing.after_call : words.standing.wrong;
}

/** What somebody can agree to. */
export function consentName(kind) {
  return words.consents.kinds[kind] ?? kind;
}

/** What was said about it, when, and about which version. */
export function consented({ given, version, at }, settings) {
  return filled(given ? words.consents.agreed : words.consents.taken_back, { at: dateAndTime(at, settings), version });
}

/** What moderators decided, in a heading. */
export function decided({ action, until }, settings) {
  const t = words.standing;
  const said = { warn: t.warn, suspend: until ? t.suspend : t.suspend_open, ban: until ? t.ban_until : t.ban };
  return filled(said[action], { until: until ? dateAndTime(until, settings) : "" });
}

/** What has become of an appeal. */
export function appealed({ state }) {
  return words.standing[state];
}

/** How the user stands, in a sentence. */
export function standingWords({ status, restricted_until, strikes }, settings) {
  if (status === "suspended") return barred({ until: restricted_until ?? null, unseen: awaitsLook({ strikes }) }, settings);
  return strikes.length ? words.standing.good_but : words.standing.good;
}

/** Whether somebody is out by a suspension of the system alone, which has no end until a moderator has looked. */
export function awaitsLook({ strikes }) {
  const endless = strikes.filter(({ until, appeal }) => !until && appeal?.state !== "granted");
  return endless.some(({ action }) => action === "suspend") && !endless.some(({ action }) => action === "ban");
}

/** For how long somebody is out; `until` null: for good, or while it is `unseen` by a moderator. */
export function barred({ until, unseen }, settings) {
  const t = words.standing;
  if (until) return filled(t.until, { until: dateAndTime(until, settings) });
  return unseen ? t.unseen : t.endless;
}
