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
  /** The fields of the form as they were confirmed; null where it was cancelled. */
  ask({ title, words = "", fields = [], yes, danger = false }) {
    const [dialog, form, button] = [byId("ask"), byId("ask-form"), byId("ask-yes")];
    text(byId("ask-title"), title);
    text(byId("ask-text"), words);
    byId("ask-fields").replaceChildren(...fields);
    text(button, yes);
    button.classList.toggle("danger", danger);
    dialog.returnValue = "no";
    dialog.showModal();
    (fields.some((field) => field.querySelector(":required")) ? form.querySelector(":required") : button).focus();
    return new Promise((resolve) => {
      dialog.addEventListener(
        "close",
        () => resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null),
        { once: true },
      );
    });
  }
}
