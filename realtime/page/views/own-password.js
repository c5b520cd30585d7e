/** Another password, or a first one. */

import { hasPassword } from "../account-state.js";
import { words } from "../texts.js";
import { clearErrors, errorAbove, h, submitting, text, valid } from "./dom.js";
import { part, whileOwn } from "./own.js";
import { proving } from "./proof.js";

export function ownPasswordView({ account, store }) {
  const t = words.password;
  const field = h("input", { name: "new_password", type: "password", autocomplete: "new-password", required: true });
  const username = h("input", { autocomplete: "username", hidden: true, readOnly: true }); // for the browser that keeps passwords
  const button = h("button", { class: "primary" });
  const hint = h("p", { class: "hint" }, t.hint);
  const form = h("form", { noValidate: true }, errorAbove(), username, h("label", {}, t.fresh, field), hint, h("div", { class: "row" }, button));
  const said = h("p", { class: "hint", role: "status" });
  const proof = proving({ store });
  part(t.title, form, proof.form, said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    text(said, "");
    if (valid(form)) submitting(form, () => proof.prove("password", change));
  });

  async function change(proven) {
    await account.changePassword(field.value, proven);
    field.value = "";
    text(said, t.done);
  }

  const seen = whileOwn(() => {
    proof.close();
    clearErrors(form);
    text(said, "");
    field.value = "";
  });
  return (state) => {
    if (!seen(state)) return;
    username.value = state.me.username;
    text(button, hasPassword(state) === false ? t.set : t.change);
  };
}
