/** Why a call went as it did, as the server has found out, in the words of the page. Pure. */

import { filled, words } from "./texts.js";

/** `{code, text, values}`: in the language of the page where the code is known here, else as the server says it. */
export function verdictWords({ code, text, values = {} }) {
  const numbers = new Intl.NumberFormat(words.lang, { maximumFractionDigits: 1 });
  const said = Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? numbers.format(value) : value]);
  return words.verdicts[code] ? filled(words.verdicts[code], Object.fromEntries(said)) : text;
}
