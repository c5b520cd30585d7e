/** One's address: whether it is confirmed, the link once more, another address. */

import { address } from "../account-words.js";
import { notice } from "../words.js";
import { clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";
import { part, whileOwn } from "./own.js";
import { proving } from "./proof.js";

export function ownEmailView({ account, store, ways }) {
  const [own, how] = [h("p", { class: "mine" }), h("p", { class: "calm" })];
  const send = h("button", { type: "button" }, "Send the link again");
  const field = h("input", { name: "email", type: "email", autocomplete: "email", required: true });
  const button = h("button", { class: "primary" });
  const form = h("form", { noValidate: true }, errorAbove(), h("label", {}, "Another address", field), h("div", { class: "row" }, button));
  const said = h("p", { class: "hint", role: "status" });
  const proof = proving({ store });
  part("Email", own, how, send, form, proof.form, said);
  send.addEventListener("click", again);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    text(said, "");
    if (valid(form)) submitting(form, () => proof.prove("another address", change));
  });

  async function again() {
    send.disabled = true;
    await account.sendLink().then(
      () => text(said, `A link is on its way to ${store.state.me.email}. Nothing there? Look among unwanted mail too.`),
      (error) => text(said, notice(error.code, error.retryAfterMs)),
    );
    send.disabled = false;
    send.focus();
  }

  async function change(proven) {
    const wanted = field.value.trim();
    await account.changeEmail(wanted, proven);
    field.value = "";
    text(said, `A link is on its way to ${wanted}. When it is opened, that is your address.`);
  }

  const seen = whileOwn(() => {
    proof.close();
    clearErrors(form);
    text(said, "");
    field.value = "";
  });
  return (state) => {
    if (!seen(state)) return;
    const { email, verified } = state.me;
    text(own, email ?? "");
    show(own, Boolean(email));
    text(how, ways.mail ? address(state.me) : `${address(state.me)} This server sends no mail.`);
    show(send, ways.mail && Boolean(email) && !verified.email);
    show(form, ways.mail);
    text(button, email ? "Change the address" : "Add the address");
  };
}
