/** A forgotten password: a link to another one is asked for. Whether anybody has the address is told to nobody. */

import { words } from "../texts.js";
import { errorAbove, h, text } from "./dom.js";
import { onSubmit } from "./signing-in.js";

export function forgotForm({ api }) {
  const t = words.forgot;
  const title = h("h1", { id: "forgot-title", tabIndex: -1 }, t.title);
  const about = h("p", { class: "calm" }, t.about);
  const email = h("label", {}, words.sign_up.email, h("input", { name: "email", type: "email", autocomplete: "email", required: true }));
  const said = h("p", { role: "status" });
  const row = h("div", { class: "row" }, h("button", { class: "primary" }, t.go), h("a", { class: "button", href: "#sign-in" }, words.sign_in.back));
  const form = h("form", { id: "forgot", noValidate: true, hidden: true, "aria-labelledby": title.id }, title, errorAbove(), about, email, said, row);
  onSubmit(form, async (fields) => {
    text(said, "");
    await api.plainly("/v1/auth/password/forgot", fields);
    text(said, t.sent);
  });
  return { form, begin: () => text(said, "") };
}
