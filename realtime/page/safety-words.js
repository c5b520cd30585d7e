/** The page's words for reports, blocks and what moderators decide. Pure. */

import { dateAndTime } from "./words.js";

/** What somebody can be reported for. */
export const REASONS = {
  nudity: "Nudity or sex",
  harassment: "Harassment",
  hate: "Hate",
  underage: "Looks under 18",
  violence: "Violence or threats",
  self_harm: "Self-harm",
  impersonation: "Pretends to be another",
  spam: "Advertising or spam",
  scam: "Fraud",
  other: "Something else",
};

/** Why moderators decided: a reason of reports, or what they wrote. */
export function why(reason) {
  return reason === "other" ? "Against the community rules" : (REASONS[reason] ?? reason);
}

const SENT = {
  call: "what is known of the call, your last messages with each other, and their profile as it is now",
  message: "this message, your last messages with each other, and their profile as it is now",
  user: "your last messages with each other, and their profile as it is now",
};

/** What a report does, and what goes with it; `ends`: the call goes on, and ends by it; `pictured`: a picture is sent too. */
export function reporting({ subject }, { ends, pictured }) {
  const first = ends ? "This ends the call. " : "";
  return `${first}A moderator looks at it,${pictured ? " at the picture below," : ""} and at ${SENT[subject.type]}. The other is not told who reported.`;
}

/** `Report Ben`, `Report a message of Ben` */
export function reportTitle({ subject, peer }) {
  return `Report ${subject.type === "message" ? "a message of " : ""}${peer.display_name}`;
}

/** Why there is no more to see of somebody than their name; `missed`: of a call with them that was not answered. */
export function unseen({ blocked, missed }) {
  if (blocked) return "You have blocked them: neither of you can call, write to or see the other.";
  if (missed) return "You have not talked to each other, so there is no profile to see. You can report the call for 24 hours, and block them.";
  return "Their profile is not to be seen.";
}

/** What is asked before somebody is blocked. */
export function blocking(name) {
  return `Block ${name}? You will not meet again, and cannot call, write to or see each other. A chat between you is closed for good. They are not told.`;
}

/** What a warning says at once; what can be done against it during a call has to wait for its end. */
export function warning({ reason }) {
  return `A moderator has warned you: ${why(reason)}. Please keep to the community rules.`;
}

/** How to appeal against a warning. */
export function againstWarning(talking) {
  return talking ? "If that is wrong, you can appeal after this call: Profile, Safety." : "If that is wrong, you can appeal.";
}

const CONSENTS = {
  terms: "Community rules",
  privacy: "What is kept about you",
  analytics: "Use of the page is counted",
  assistant: "The assistant reads what you write to it",
};

/** What somebody can agree to. */
export function consentName(kind) {
  return CONSENTS[kind] ?? kind;
}

/** What was said about it, when, and about which version. */
export function consented({ given, version, at }, settings) {
  return `${given ? "Agreed" : "Taken back"} on ${dateAndTime(at, settings)} · version ${version}`;
}

const DECIDED = {
  warn: () => "You were warned",
  suspend: (until) => `Suspended until ${until ?? "a moderator has looked"}`,
  ban: (until) => (until ? `Banned until ${until}` : "Banned"),
};

/** What moderators decided, in a heading. */
export function decided({ action, until }, settings) {
  return DECIDED[action](until && dateAndTime(until, settings));
}

const APPEALS = {
  open: "You have appealed. A moderator will look at it.",
  granted: "Your appeal was granted: this was taken back.",
  refused: "Your appeal was refused.",
};

/** What has become of an appeal. */
export function appealed({ state }) {
  return APPEALS[state];
}

/** How the user stands, in a sentence. */
export function standingWords({ status, restricted_until, strikes }, settings) {
  if (status === "suspended") return barred({ until: restricted_until ?? null, unseen: awaitsLook({ strikes }) }, settings);
  if (strikes.length) return "Your account is in good order. These decisions are on record:";
  return "Your account is in good order. The moderators have decided nothing against you.";
}

/** Whether somebody is out by a suspension of the system alone, which has no end until a moderator has looked. */
export function awaitsLook({ strikes }) {
  const endless = strikes.filter(({ until, appeal }) => !until && appeal?.state !== "granted");
  return endless.some(({ action }) => action === "suspend") && !endless.some(({ action }) => action === "ban");
}

/** For how long somebody is out; `until` null: for good, or while it is `unseen` by a moderator. */
export function barred({ until, unseen }, settings) {
  if (until) return `You can be here again from ${dateAndTime(until, settings)}.`;
  if (unseen) return "A moderator has yet to look at this. Until then you cannot be here.";
  return "This has no end, unless a moderator takes it back.";
}
