/** What the page says of codes of the server, people and times, in the words of its language (`texts.js`). Pure. */

import { filled, words } from "./texts.js";

/** The sentence for an error's code; `waitMs`: for how long the server asks to wait, where it does. */
export function notice(code, waitMs = null) {
  if (code === "rate_limited" && waitMs) return filled(words.too_fast, { time: lasting(waitMs) });
  return words.notices[code] ?? words.happenings?.[code] ?? words.trouble;
}

/** What is wrong with a field of a form: in our words if we have some, else in the server's. */
export function fieldError({ code, message, details = {} }, name) {
  const { fields } = words;
  const own = fields.reasons[details.reason] ?? fields[code]?.[name] ?? (code === "payload_too_large" ? fields.too_long : null);
  return own ?? message.replaceAll("`", "");
}

/** What the browser finds wrong with a field. Its own words are in its own language, which may be none of the page's. */
export function unfit({ name, type, validity }) {
  const { fields } = words;
  if (validity.valueMissing) return type === "checkbox" ? fields.unticked : fields.missing;
  return fields.invalid_request[name] ?? fields.unfit;
}

/** Why somebody has not shown who they are; `asked` for a `login` or a `code`. What the page has found out by itself is said as it is. */
export function unproven({ message, own = false, details = {} }, asked = null) {
  const { proofs, sign_in } = words;
  if (own) return message;
  if (details.factor === "totp") return proofs[details.reason] ?? proofs.totp;
  if (details.factor === "password") return proofs.password;
  return { login: sign_in.wrong, code: proofs.code }[asked] ?? message;
}

/** Why the user was signed out. */
export function farewell(code) {
  return words.farewells[code] ?? words.farewells.other;
}

/** The sentence about a problem with the user's own camera or microphone. */
export function camera({ status, mode }) {
  return status === "unsupported" ? words.camera.unsupported : words.camera[mode][status];
}

const NAME_LETTERS = 30;

/** Of a long name the beginning is enough, so that what a sentence says is not cut off. */
export function short(name) {
  const letters = [...name];
  return letters.length > NAME_LETTERS ? `${letters.slice(0, NAME_LETTERS - 1).join("")}…` : name;
}

/** How a call ended; `mine`: the user ended it. One among people who know each other may have been missed. */
export function ending({ reason, mine, peer, origin, outgoing = false }) {
  const { direct, [reason]: said = words.endings.other, somebody } = words.endings;
  const forms = (origin === "direct" && direct[reason]) || said;
  const own = reason === "no_answer" ? outgoing : mine;
  return filled(own ? forms.mine : forms.theirs, { peer: short(peer?.display_name ?? somebody) });
}

/** With whom a call is: somebody, or oneself. */
export function whom({ peer }) {
  return peer?.display_name ?? words.call.echo;
}

/** Who will decide about staying in touch, as `decider` has it. */
export function deciding(decider, peer) {
  return filled(words.deciding[decider] ?? "", { peer: short(peer.display_name) });
}

/** What the user's own vote does. After a reload it is not known who else votes. */
export function asked(decider, name) {
  const { ask } = words.deciding;
  return filled(ask[decider] ?? ask.unknown, { peer: short(name) });
}

export function countryName(code) {
  return new Intl.DisplayNames([words.lang], { type: "region" }).of(code);
}

export function languageName(tag) {
  return new Intl.DisplayNames([words.lang], { type: "language" }).of(tag);
}

/** `31, Berlin, Germany` */
export function place({ age, city, country }) {
  return [age, city, country && countryName(country)].filter(Boolean).join(", ");
}

/** One line about somebody, from their card. */
export function about(card) {
  const spoken = card.languages.length ? filled(words.card.speaks, { languages: card.languages.map(languageName).join(", ") }) : null;
  return [place(card), words.card[card.intent], spoken].filter(Boolean).join(" · ");
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
  const { waits } = words;
  if (ms === null || ms === undefined) return waits.unknown;
  if (ms < 10_000) return waits.few;
  if (ms < 50_000) return filled(waits.about, { time: measured(Math.round(ms / 10_000) * 10, "second") });
  return filled(waits.about, { time: measured(Math.max(1, Math.round(ms / 60_000)), "minute", "short") });
}

/** `8 s` */
export function left(seconds) {
  return `${seconds} s`;
}

/** `12 seconds`, `5 minutes`, `2 hours`: never less than what it is. */
function lasting(ms) {
  const [unit, length] = [["hour", 3_600_000], ["minute", 60_000], ["second", 1_000]].find(([, each]) => ms > 1.5 * each) ?? ["second", 1_000];
  return measured(Math.ceil(ms / length), unit);
}

/** A number of these, as `2.3 MB` of `megabyte`. */
export function measured(number, unit, unitDisplay = "long", digits = 0) {
  return new Intl.NumberFormat(words.lang, { style: "unit", unit, unitDisplay, maximumFractionDigits: digits }).format(number);
}

/** Several of them in a sentence. */
export function listed(several) {
  return new Intl.ListFormat(words.lang).format(several);
}

export function percent(part) {
  return new Intl.NumberFormat(words.lang, { style: "percent", maximumFractionDigits: 0 }).format(Math.floor(part * 100) / 100);
}

/** When a message was sent: the time if today, else the day. Written as the settings say. */
export function when(timestamp, now, settings) {
  const then = new Date(timestamp);
  const day = writer(settings, { dateStyle: "short" });
  if (day.format(then) === day.format(now)) return timeOfDay(then, settings);
  return dateAndTime(timestamp, settings);
}

/** A day with its time, written as the settings say. */
export function dateAndTime(timestamp, settings) {
  return writer(settings, { dateStyle: "medium", timeStyle: "short" }).format(new Date(timestamp));
}

/** `Wednesday, 25 November` */
export function dayAndMonth(timestamp, settings) {
  return writer(settings, { weekday: "long", day: "numeric", month: "long" }).format(new Date(timestamp));
}

/** `10:00` */
export function timeOfDay(timestamp, settings) {
  return writer(settings, { timeStyle: "short" }).format(new Date(timestamp));
}

/**
 * In the language of the settings, else of the page, as in the country that the browser names with it; a zone that it does not know is
 * left out.
 */
function writer({ language, time_zone }, options) {
  const spoken = language ?? words.lang;
  const locale = navigator.languages.find((tag) => tag.split("-")[0] === spoken) ?? spoken;
  const key = JSON.stringify([locale, time_zone, options]);
  if (!writers.has(key)) writers.set(key, written(locale, time_zone, options));
  return writers.get(key);
}

/** To make one takes much longer than to use it, and a list uses one for each of its rows. */
const writers = new Map();

function written(locale, time_zone, options) {
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
