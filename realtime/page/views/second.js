/** A one-time code after something else than a password. */

import { errorAbove, h } from "./dom.js";
import { onSubmit, plainCode } from "./signing-in.js";

export function secondForm({ entering }) {
  const title = h("h1", { id: "second-title", tabIndex: -1 }, "One more code");
  const words = h("p", { class: "calm" }, "One-time codes are on for this account.");
  const field = h("input", { name: "totp", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 10, required: true });
  const row = h("div", { class: "row" }, h("button", { class: "primary" }, "Sign in"), h("a", { class: "button", href: "#sign-in" }, "Back"));
  const parts = [title, errorAbove(), words, h("label", {}, "Code of your authenticator app", field), row];
  const form = h("form", { noValidate: true, hidden: true, "aria-labelledby": title.id }, ...parts);
  onSubmit(form, ({ totp }) => entering.more({ totp: plainCode(totp) }));
  return form;
}
