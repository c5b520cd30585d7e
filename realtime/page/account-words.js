/** The page's words about one's own account: links in mails, passwords, ways to sign in, sessions. Pure. */

import { notice } from "./words.js";

const CONFIRMED = {
  mine: ["Your email address is confirmed", "{email} is yours. Links to a new password go there, if you ever need one."],
  another: [
    "The email address is confirmed",
    "It belongs to another account than the one you are signed in with here, which is {username}. Nothing changed for {username}.",
  ],
  nobody: ["Your email address is confirmed", "Nobody is signed in in this browser. You can go on where you are signed in, or sign in here."],
  unknown: ["The email address is confirmed", "You can go on."],
};

const CONFIRMED_BEFORE = ["Your email address is confirmed", "This link was used before. {email} is confirmed, so there is nothing left to do."];
const ANOTHER_MAIL = {
  in: "Under “Account and signing in” you can have another one sent.",
  out: "If your address is not confirmed yet: sign in, and have another one sent under “Account and signing in”.",
};
const NOT_CONFIRMED = {
  unauthenticated: ["This link does not serve any more", "It was used already, or a newer one was sent after it."],
  expired: ["This link is too old", "It was not opened in time."],
  conflict: ["This address has another account by now", "One address can have one account. Use another address, or that account."],
};

/** The heading and the sentence about a link that confirms an address. */
export function verifying({ state, whose, code, wait_ms }, { account, me }) {
  if (state === "failed" && code === "unauthenticated" && account === "in" && me.verified.email) return filled(CONFIRMED_BEFORE, me);
  if (state === "failed") return NOT_CONFIRMED[code] ? failed(NOT_CONFIRMED[code], code, account) : ["That did not work", notice(code, wait_ms)];
  return state === "done" ? filled(CONFIRMED[whose], me) : ["Confirming your email address…", ""];
}

function failed([title, why], code, account) {
  return [title, code === "conflict" ? why : `${why} ${ANOTHER_MAIL[account === "in" ? "in" : "out"]}`];
}

const PASSWORD_SET = {
  out: "All devices were signed out. Sign in with it now.",
  in: "It is the password of another account than the one you are signed in with here, which is {username}. That one was signed out everywhere.",
};
const NO_PASSWORD = {
  unauthenticated: "It was used already, or a newer one was sent after it. Your password is as it was before.",
  expired: "It was not used in time. Your password is as it was before.",
};

/** The same about a link to a new password. */
export function resetting({ state, code }, { account, me }) {
  if (state === "done") return filled(["Your new password is set", PASSWORD_SET[account === "in" ? "in" : "out"]], me);
  if (state === "failed") return [code === "expired" ? "This link is too old" : "This link does not serve any more", NO_PASSWORD[code]];
  return ["Choose a new password", "All devices on which you are signed in will be signed out."];
}

function filled(texts, me) {
  return texts.map((words) => words.replaceAll("{email}", () => me?.email ?? "It").replaceAll("{username}", () => me?.username ?? ""));
}

/** What it means that nothing was confirmed yet, by what this server can send to. */
export function pending({ mail, sms }) {
  const ways = [mail && "open the link in the mail that we sent you", sms && "add your phone number"].filter(Boolean).join(", or ");
  return `Nothing shows yet that this account is yours. You can meet and call as everybody can, but it takes longer until others and the moderators trust you. ${ways ? `To end that, ${ways}.` : ""}`;
}

/** How it stands with the address. */
export function address({ email, verified }) {
  if (!email) return "This account has no email address.";
  return verified.email ? "It is confirmed." : "It is not confirmed yet.";
}

const PROVIDERS = { password: "Password", phone: "Phone", google: "Google", apple: "Apple" };

export function providerName(provider) {
  return PROVIDERS[provider] ?? provider;
}

/** Parts of what a browser says of itself, the telling ones first; others pretend to be some of the later. */
const BROWSERS = { "Edg/": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari" };
const SYSTEMS = { iPhone: "iPhone", iPad: "iPad", Android: "Android", Windows: "Windows", "Mac OS X": "Mac", CrOS: "ChromeOS", Linux: "Linux" };

/** `Firefox on Android`; of an app, what it calls itself. `client`: what it has said when it connected, `{name, version, platform}`. */
export function device(userAgent, client = null) {
  if (client?.name) return [[client.name, client.version].filter(Boolean).join(" "), client.platform].filter(Boolean).join(", ");
  const said = (known) => known[Object.keys(known).find((part) => userAgent?.includes(part))];
  const [browser, system] = [said(BROWSERS), said(SYSTEMS)];
  if (browser) return system ? `${browser} on ${system}` : browser;
  return userAgent?.split(/[\s/(]/).at(0) || "An unknown device";
}
