/** A one-time code after something else than a password. */

import { words } from "../texts.js";
import { errorAbove, h } from "./dom.js";
import { onSubmit, plainCode } from "./signing-in.js";

export function secondForm({ entering }) {
  const title = h("h1", { id: "second-title", tabIndex: -1 }, words.second.title);
  const about = h("p", { class: "calm" }, words.second.about);
  const field = h("input", { name: "totp", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 10, required: true });
  const row = h("div", { class: "row" }, h("button", { class: "primary" }, words.sign_in.go), h("a", { class: "button", href: "#sign-in" }, words.sign_in.back));
  const parts = [title, errorAbove(), about, h("label", {}, words.sign_in.code, field), row];
  const form = h("form", { noValidate: true, hidden: true, "aria-labelledby": title.id }, ...parts);
  onSubmit(form, ({ totp }) => entering.more({ totp: plainCode(totp) }));
  return form;
}
