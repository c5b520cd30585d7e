/**
 * What the page says, in the language that it speaks: `words` has the texts of that language by their keys (`words/`).
 *
 * A text has places in it, as `{name}`, for what is known only when it is said. Each file that a browser loads has `words` of its own:
 * whoever starts it lets it `speak`.
 */

export const words = {};

/** Say everything in these texts from now on. Several may come after each other, each with a part. */
export function speak(...texts) {
  Object.assign(words, ...texts);
}

/** A text with what belongs in its places; that may be anything, also `$&`, which `replace` would interpret. */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/**
 * A text in its parts, as what belongs in an element: `[…]` is what the children say that are in it already, in their order; of one that
 * stands in `[]` what it says stays. Gives `[words, child's words, words, …]`.
 */
export function parted(text) {
  return text.split(/\[(.*?)\]/);
}

/** The form of a text that goes with a number, which it has at `{count}`; of `{one, other}` by the rules of the language. */
export function counted(forms, count, values = {}) {
  const form = forms[new Intl.PluralRules(words.lang).select(count)] ?? forms.other;
  return filled(form, { ...values, count: new Intl.NumberFormat(words.lang).format(count) });
}
