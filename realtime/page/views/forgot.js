/** A forgotten password: a link to another one is asked for. Whether anybody has the address is told to nobody. */

import { errorAbove, h, text } from "./dom.js";
import { onSubmit } from "./signing-in.js";

const SENT =
  "If there is an account with this address, a link is on its way there. Nothing after some minutes? Look among unwanted mail, and whether this is the address of your account.";

export function forgotForm({ api }) {
  const title = h("h1", { id: "forgot-title", tabIndex: -1 }, "Forgot your password?");
  const words = h("p", { class: "calm" }, "We send a link to your email address, by which you choose a new one.");
  const email = h("label", {}, "Email", h("input", { name: "email", type: "email", autocomplete: "email", required: true }));
  const said = h("p", { role: "status" });
  const row = h("div", { class: "row" }, h("button", { class: "primary" }, "Send the link"), h("a", { class: "button", href: "#sign-in" }, "Back"));
  const form = h("form", { id: "forgot", noValidate: true, hidden: true, "aria-labelledby": title.id }, title, errorAbove(), words, email, said, row);
  onSubmit(form, async (fields) => {
    text(said, "");
    await api.plainly("/v1/auth/password/forgot", fields);
    text(said, SENT);
  });
  return { form, begin: () => text(said, "") };
}
