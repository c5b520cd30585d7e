/**
 * What could keep an owner out takes a sign-in of the last minutes, or the password. It is asked for where the server wants it, and not
 * before: `prove(what, act)` carries out `act(proof)`, without a proof first.
 */

import { hasPassword } from "../account-state.js";
import { words } from "../texts.js";
import { clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";

/** A form that asks for the password, to stand where it is needed; `prove` throws what the server says. */
export function proving({ store }) {
  const t = words.proof;
  const said = h("p");
  const field = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true, maxLength: 128 });
  const cancel = h("button", { type: "button" }, t.cancel);
  const row = h("div", { class: "row" }, h("button", { class: "primary" }, t.on), cancel);
  const form = h("form", { noValidate: true, hidden: true }, errorAbove(), said, h("label", {}, t.password, field), row);
  let [asked, before] = [null, null];
  cancel.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => asked({ password: field.value }).then(close));
  });

  function close() {
    const focused = form.contains(document.activeElement);
    [asked, field.value] = [null, ""];
    clearErrors(form);
    show(form, false);
    if (focused && before?.isConnected) before.focus();
  }

  async function prove(what, act) {
    close();
    before = document.activeElement;
    try {
      await act({});
    } catch (error) {
      if (error.details?.factor !== "password") throw error;
      if (hasPassword(store.state) === false) throw Object.assign(error, { own: true, message: words.proofs.no_password });
      text(said, t.asks[what]);
      asked = act;
      show(form, true);
      field.focus();
    }
  }

  return { form, prove, close };
}
