/** One's address: whether it is confirmed, the link once more, another address. */

import { address } from "../account-words.js";
import { filled, words } from "../texts.js";
import { notice } from "../words.js";
import { clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";
import { part, whileOwn } from "./own.js";
import { proving } from "./proof.js";

export function ownEmailView({ account, store, ways }) {
  const t = words.email;
  const [own, how] = [h("p", { class: "mine" }), h("p", { class: "calm" })];
  const send = h("button", { type: "button" }, t.again);
  const field = h("input", { name: "email", type: "email", autocomplete: "email", required: true });
  const button = h("button", { class: "primary" });
  const form = h("form", { noValidate: true }, errorAbove(), h("label", {}, t.another, field), h("div", { class: "row" }, button));
  const said = h("p", { class: "hint", role: "status" });
  const proof = proving({ store });
  part(t.title, own, how, send, form, proof.form, said);
  send.addEventListener("click", again);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    text(said, "");
    if (valid(form)) submitting(form, () => proof.prove("email", change));
  });

  async function again() {
    send.disabled = true;
    await account.sendLink().then(
      () => text(said, filled(t.sent, { email: store.state.me.email })),
      (error) => text(said, notice(error.code, error.retryAfterMs)),
    );
    send.disabled = false;
    send.focus();
  }

  async function change(proven) {
    const wanted = field.value.trim();
    await account.changeEmail(wanted, proven);
    field.value = "";
    text(said, filled(t.changing, { email: wanted }));
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
    text(how, ways.mail ? address(state.me) : `${address(state.me)} ${t.no_mail}`);
    show(send, ways.mail && Boolean(email) && !verified.email);
    show(form, ways.mail);
    text(button, email ? t.change : t.add);
  };
}
