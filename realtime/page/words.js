/** The page's words for codes of the server, people and times. Pure. */

const NOTICES = {
  appeal_granted: "Your appeal was granted: what was decided was taken back.",
  appeal_refused: "Your appeal was refused: what was decided stands.",
  already_in_call: "You are in a call already.",
  banned: "This account is banned.",
  block_done: "You and this person will not meet again, and cannot write to each other. Your profile has the list of blocks.",
  blocked: "You cannot reach this person.",
  conflict: "That is not possible right now.",
  disconnected: "You were away for too long, so your place in the queue is gone.",
  ended_meanwhile: "The call ended while you were away.",
  expired: "Too late: the time for this has passed.",
  gone: "This is over already.",
  held_elsewhere: "Your other tab or device is still in this call.",
  moderated: "A moderator has taken you out of the queue.",
  not_found: "This is not there any more.",
  offline: "The server cannot be reached. Please try again.",
  payload_too_large: "This is too long.",
  precondition_failed: "Your profile was changed elsewhere. Here is the newest version: please make your change again.",
  provider_conflict: "There is an account with this address already. Sign in to it first; then you can add this way under “Account and signing in”.",
  provider_refused: "You have not signed in there, so nothing has changed here.",
  provider_signed_out: "You were signed out meanwhile. Sign in, and add it again.",
  provider_unclear: "That did not come from here, or it took too long. Please begin again.",
  profile_incomplete: "Please complete your profile first.",
  rate_limited: "That was a bit fast. Please wait a moment.",
  reported: "Thank you for telling us. A moderator will look at it.",
  taken_back: "A moderator has taken back a decision about you.",
  too_many_photos: "There is room for six photos. Remove one to add another.",
  too_many_videos: "There is room for two videos. Remove one to add another.",
  unblocked: "Not blocked any more. What had ended stays ended; you may meet again.",
  timed_out: "Nobody turned up this time. Try again a little later.",
  already_decided: "You have decided already.",
  camera_lost: "Your camera stopped working.",
  microphone_lost: "Your microphone stopped working: the other cannot hear you.",
  unavailable: "The service is busy. Please try again in a moment.",
};

/** The sentence for an error's code; `waitMs`: for how long the server asks to wait, where it does. */
export function notice(code, waitMs = null) {
  if (code === "rate_limited" && waitMs) return `That was a bit fast. Please try again in ${lasting(waitMs)}.`;
  return NOTICES[code] ?? "Something went wrong. Please try again.";
}

/** What else is wrong with a new password the server says. */
export const PASSWORD_LENGTH = "Please choose 8 to 128 characters.";

const FIELDS = {
  conflict: {
    email: "There is an account with this email already.",
    username: "This username is taken.",
  },
  invalid_request: {
    age_min: "The lower age has to be at least 18, and not above the upper one.",
    birth_date: "Please enter your birth date.",
    display_name: "Please enter your name.",
    email: "Please enter a valid email address.",
    username: "Please use 3 to 50 letters, digits, dots, dashes or underscores.",
  },
  underage: { birth_date: "You have to be 18 or older." },
};

/** Why the server does not take what is in a field, whichever that is. */
const REFUSALS = {
  reserved: "This name is reserved. Please choose another one.",
  common: "Many people use this password, so it is tried first. Please choose another one.",
  own: "A name or an address is no password. Please choose another one.",
  words: "There are words in it that are not allowed here.",
};

/** What is wrong with a field of a form: in our words if we have some, else in the server's. */
export function fieldError({ code, message, details = {} }, name) {
  return REFUSALS[details.reason] ?? FIELDS[code]?.[name] ?? message.replaceAll("`", "");
}

const FAREWELLS = {
  back: "Your account is free again. Please sign in.",
  deleted: "Your account is deleted, and nobody sees it any more. To keep it after all, sign in within the next days.",
  banned: "This account is banned. Sign in to see why and until when, and to appeal.",
  replaced: "You have been signed in elsewhere.",
};

/** Why the user was signed out. */
export function farewell(code) {
  return FAREWELLS[code] ?? "You have been signed out. Please sign in again.";
}

const CAMERA = {
  off: "Check how you look and sound before you meet someone.",
  asking: "Please allow the browser to use your {devices}.",
  ready: "",
  refused: "The browser may not use your {devices}. Allow it in the address bar, then try again.",
  missing: "No {devices} found. Plug one in, then try again.",
  busy: "Another program is using your {devices}. Close it, then try again.",
  failed: "Your {devices} could not be started.",
  unsupported: "This page cannot use a camera here. It needs an up-to-date browser, and https.",
};

/** The sentence about a problem with the user's own camera or microphone. */
export function camera({ status, mode }) {
  return CAMERA[status].replace("{devices}", mode === "video" ? "camera and microphone" : "microphone");
}

const ENDINGS = {
  hung_up: ["You hung up", "{peer} hung up"],
  skipped: ["You skipped {peer}", "{peer} went on to somebody else"],
  declined: ["You said not this time", "{peer} said not this time"],
  cancelled: ["You cancelled", "{peer} cancelled"],
  reported: ["Thank you for telling us", "The call has ended"],
  blocked: ["You will not meet {peer} again", "The call has ended"],
  no_answer: ["It was not answered in time", "It was not answered in time"],
  max_duration: ["Time is up", "Time is up"],
  connection_lost: ["The connection was lost", "The connection was lost"],
  media_failed: ["No connection could be made", "No connection could be made"],
  moderated: ["A moderator ended the call", "A moderator ended the call"],
};

const NAME_LETTERS = 30;

/**
 * A sentence with somebody's name, which may contain anything: also `$&`, which `replace` would interpret. Of a long one the beginning
 * is enough, so that what the sentence says is not cut off.
 */
function named(words, name) {
  const letters = [...name];
  const short = letters.length > NAME_LETTERS ? `${letters.slice(0, NAME_LETTERS - 1).join("")}…` : name;
  return words.replace("{peer}", () => short);
}

/** How a call ended; `mine`: the user ended it. */
export function ending({ reason, mine, peer }) {
  const [own, theirs] = ENDINGS[reason] ?? ["The call has ended", "The call has ended"];
  return named(mine ? own : theirs, peer?.display_name ?? "The other");
}

/** The words for a cool-down, beside the time that is left. */
export const COOL_DOWN = "Several offers failed lately because you declined, did not answer or did not connect. You can meet someone again in";

/** About the picture of the other that goes with a report. */
export const FRAME = {
  send: "Send this picture with it",
  about: "It is what you saw last. It is kept encrypted, moderators alone see it, and it is deleted after the case.",
};

const DECIDERS = {
  you: "Whether you stay in touch is up to you.",
  peer: "Whether you stay in touch is up to {peer}.",
  both: "You stay in touch if both say yes afterwards.",
  either: "You stay in touch if one says yes afterwards.",
};

/** Who will decide about staying in touch, as `decider` has it. */
export function deciding(decider, peer) {
  return named(DECIDERS[decider] ?? "", peer.display_name);
}

const ASKED = {
  you: "You alone decide. {peer} only hears of a yes.",
  both: "It takes a yes from both of you. Nobody can tell a no from no answer.",
  either: "One yes is enough, yours or {peer}'s.",
};

/** What the user's own vote does. After a reload it is not known who else votes. */
export function asked(decider, name) {
  return named(ASKED[decider] ?? "A no is never told.", name);
}

const INTENTS = {
  casual: "here for a casual talk",
  friends: "looking for friends",
  serious: "looking for something serious",
  networking: "here to network",
};

const countries = new Intl.DisplayNames(["en"], { type: "region" });
const languages = new Intl.DisplayNames(["en"], { type: "language" });

export function countryName(code) {
  return countries.of(code);
}

export function languageName(tag) {
  return languages.of(tag);
}

/** `31, Berlin, Germany` */
export function place({ age, city, country }) {
  return [age, city, country && countryName(country)].filter(Boolean).join(", ");
}

/** One line about somebody, from their card. */
export function about(card) {
  const spoken = card.languages.length ? `speaks ${card.languages.map(languageName).join(", ")}` : null;
  return [place(card), INTENTS[card.intent], spoken].filter(Boolean).join(" · ");
}

/** `3:07`, `1:00:00` */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** An estimated wait, rounded roughly. */
export function roughly(ms) {
  if (ms === null || ms === undefined) return "hard to say";
  if (ms < 10_000) return "a few seconds";
  if (ms < 50_000) return `about ${Math.round(ms / 10_000) * 10} seconds`;
  return `about ${Math.max(1, Math.round(ms / 60_000))} min`;
}

/** `12 seconds`, `5 minutes`, `2 hours`: never less than what it is. */
function lasting(ms) {
  const [unit, length] = [["hour", 3_600_000], ["minute", 60_000], ["second", 1_000]].find(([, each]) => ms > 1.5 * each) ?? ["second", 1_000];
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(ms / length));
}

/** When a message was sent: the time if today, else the day. Written as the settings say. */
export function when(timestamp, now, settings) {
  const then = new Date(timestamp);
  const day = writer(settings, { dateStyle: "short" });
  if (day.format(then) === day.format(now)) return writer(settings, { timeStyle: "short" }).format(then);
  return dateAndTime(timestamp, settings);
}

/** A day with its time, written as the settings say. */
export function dateAndTime(timestamp, settings) {
  return writer(settings, { dateStyle: "medium", timeStyle: "short" }).format(new Date(timestamp));
}

/** A language is written as in the country that the browser names with it; a zone that it does not know is left out. */
function writer({ language, time_zone }, options) {
  const own = navigator.languages.find((tag) => tag.split("-")[0] === language);
  const locale = own ?? language ?? [];
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: time_zone ?? undefined });
  } catch {
    return new Intl.DateTimeFormat(locale, options);
  }
}

export function initials(name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return (letters[0] + (letters.length > 1 ? letters.at(-1) : "")).toUpperCase();
}
