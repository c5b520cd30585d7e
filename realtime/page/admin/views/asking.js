/** One dialog for all that has to be confirmed, with the fields that it takes. */

import { byId, h, text } from "./parts.js";

export function noteField(label = "Note for other moderators", maxLength = 2000) {
  return h("label", {}, label, h("textarea", { name: "note", rows: 2, maxLength }));
}

export function daysField(label, { value = "", required = false } = {}) {
  return h(
    "label",
    {},
    label,
    h("input", { name: "days", type: "number", inputMode: "numeric", min: 1, max: 3650, value, required }),
  );
}

export class Asking {
  #drafts = new Map(); // what was confirmed and could not be done, by title
  #over = () => {};

  constructor() {
    const dialog = byId("ask");
    // Told late, of a question after which another was asked, it is about that one no more.
    dialog.addEventListener("close", () => dialog.open || this.#over(dialog.returnValue));
  }

  /**
   * Ask, and when it is confirmed do it: `act(fields)` gives whether it could be done. What was typed is there again where it could
   * not. Gives whether it was done.
   */
  async ask({ title, words = "", fields = [], yes, danger = false, act }) {
    const [dialog, form, button] = [byId("ask"), byId("ask-form"), byId("ask-yes")];
    text(byId("ask-title"), title);
    text(byId("ask-text"), words);
    byId("ask-fields").replaceChildren(...fields);
    for (const [name, value] of this.#drafts.get(title) ?? []) if (form.elements[name]) form.elements[name].value = value;
    text(button, yes);
    button.classList.toggle("danger", danger);
    dialog.returnValue = "no";
    dialog.showModal();
    (fields.some((field) => field.querySelector(":required")) ? form.querySelector(":required") : button).focus();
    const answer = await new Promise((resolve) => {
      this.#over("no");
      this.#over = resolve;
    });
    if (answer !== "yes") return false;
    const given = Object.fromEntries(new FormData(form));
    this.#drafts.set(title, Object.entries(given));
    const done = await act(given);
    if (done) this.#drafts.delete(title);
    return done;
  }
}
