/** What the page says about one's own account: links in mails, passwords, ways to sign in, sessions. Pure. */

import { filled, words } from "./texts.js";
import { notice } from "./words.js";

/** The heading and the sentence about a link that confirms an address. */
export function verifying({ state, whose, code, wait_ms }, { account, me }) {
  const t = words.letter;
  if (state === "failed" && code === "unauthenticated" && account === "in" && me.verified.email) return said(t.confirmed.before, me);
  if (state === "failed") return t.not_confirmed[code] ? failed(t.not_confirmed[code], code, account) : [t.not_confirmed.other, notice(code, wait_ms)];
  return state === "done" ? said(t.confirmed[whose], me) : [t.confirming, ""];
}

function failed({ title, text }, code, account) {
  return [title, code === "conflict" ? text : `${text} ${words.letter.another_mail[account === "in" ? "in" : "out"]}`];
}

/** The same about a link to a new password. */
export function resetting({ state, code }, { account, me }) {
  const t = words.letter;
  if (state === "done") return said({ title: t.chosen.title, text: t.chosen[account === "in" ? "in" : "out"] }, me);
  if (state === "failed") return [t.not_confirmed[code === "expired" ? "expired" : "unauthenticated"].title, t.not_chosen[code]];
  return [t.choose.title, t.choose.text];
}

function said({ title, text }, me) {
  return [title, filled(text, { email: me?.email ?? words.letter.it, username: me?.username ?? "" })];
}

/** What it means that nothing was confirmed yet, by what this server can send to. */
export function pending({ mail, sms }) {
  const t = words.own;
  const ways = mail && sms ? t.end_both : mail ? t.end_mail : sms ? t.end_sms : "";
  return [t.pending, ways].filter(Boolean).join(" ");
}

/** How it stands with the address. */
export function address({ email, verified }) {
  if (!email) return words.email.none;
  return verified.email ? words.email.confirmed : words.email.unconfirmed;
}

export function providerName(provider) {
  return words.providers[provider] ?? provider;
}

/** Parts of what a browser says of itself, the telling ones first; others pretend to be some of the later. */
const BROWSERS = { "Edg/": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari" };
const SYSTEMS = { iPhone: "iPhone", iPad: "iPad", Android: "Android", Windows: "Windows", "Mac OS X": "Mac", CrOS: "ChromeOS", Linux: "Linux" };

/** `Firefox on Android`; of an app, what it calls itself. `client`: what it has said when it connected, `{name, version, platform}`. */
export function device(userAgent, client = null) {
  if (client?.name) return [[client.name, client.version].filter(Boolean).join(" "), client.platform].filter(Boolean).join(", ");
  const known = (parts) => parts[Object.keys(parts).find((part) => userAgent?.includes(part))];
  const [browser, system] = [known(BROWSERS), known(SYSTEMS)];
  if (browser) return system ? filled(words.sessions.browser, { browser, system }) : browser;
  return userAgent?.split(/[\s/(]/).at(0) || words.sessions.unknown;
}
