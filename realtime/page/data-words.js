/** What the page says about one's own data. Pure. */

import { filled, words } from "./texts.js";
import { dateAndTime, measured } from "./words.js";

/** How the copy stands: a sentence. */
export function copyWords(copy, settings) {
  if (!copy) return "";
  const until = copy.expires_at ? dateAndTime(copy.expires_at, settings) : "";
  return filled(words.data.copy[copy.state] ?? "", { until });
}

/** `2.3 MB`. */
export function sizeWords(bytes) {
  const [of, unit] = bytes < 1_000_000 ? [1_000, "kilobyte"] : [1_000_000, "megabyte"];
  return measured(Math.max(0.1, bytes / of), unit, "short", bytes / of < 10 ? 1 : 0);
}

export function erasing(erasesAt, settings) {
  return erasesAt ? filled(words.data.erasing, { at: dateAndTime(erasesAt, settings) }) : words.data.erasing_soon;
}
