/** The page's words about one's own data. Pure. */

import { dateAndTime } from "./words.js";

/** How the copy stands: a sentence. */
export function copyWords(copy, settings) {
  const ready = () => `Your copy is ready. It is kept until ${dateAndTime(copy.expires_at, settings)}.`;
  const sentences = {
    none: "A ZIP file with everything that is kept about you, and your photos and videos. It takes some minutes.",
    running: "Your copy is being made. You can go on meanwhile.",
    ready: () => ready(),
    failed: "Your copy could not be made. Nothing is lost: try again.",
  };
  const said = copy && sentences[copy.state];
  return typeof said === "function" ? said() : (said ?? "");
}

/** `2.3 MB`. */
export function sizeWords(bytes) {
  const [of, unit] = bytes < 1_000_000 ? [1_000, "KB"] : [1_000_000, "MB"];
  return `${Math.max(0.1, bytes / of).toFixed(bytes / of < 10 ? 1 : 0)} ${unit}`;
}

/** What deleting the account means, a line each. */
export const WHAT_IT_MEANS = [
  "You are signed out everywhere, and nobody sees you any more.",
  "For the next days you can sign in and keep your account. Everything is as it was then.",
  "After that your profile, photos, messages and friends are erased for good. Nobody can bring them back.",
  "Others read “Deleted account” where your name was, and that there were messages.",
];

export function erasing(erasesAt, settings) {
  const when = erasesAt ? ` on ${dateAndTime(erasesAt, settings)}` : " soon";
  return `You have deleted your account. It will be erased for good${when}. Until then nobody sees it, and you can keep it.`;
}

export const TOO_LATE = "It is too late: this account is being erased.";
