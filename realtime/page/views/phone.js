/** A phone number, and then the code that was sent there. Another one can be sent when the server says so. */

import { counted, filled, words } from "../texts.js";
import { left as leftOf } from "../words.js";
import { clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";

/** `askForCode(number)` has one sent, `shown(number, code)` does what it is for, which is called `act`; `above`: what stands before. */
export function phoneForm({ above = [], askForCode, shown, act }) {
  const t = words.phone;
  const phone = h("input", { name: "phone", type: "tel", autocomplete: "tel", required: true, maxLength: 40, placeholder: "+49 151 12345678" });
  const code = h("input", { name: "code", inputMode: "numeric", autocomplete: "one-time-code", required: true, maxLength: 20 });
  const number = h("label", {}, t.number, phone);
  const hint = h("p", { class: "hint" }, t.hint);
  const told = h("p", { role: "status" });
  const digits = h("label", {}, t.code, code);
  const button = h("button", { class: "primary" });
  const [again, other] = [h("button", { type: "button" }), h("button", { type: "button" }, t.other)];
  const form = h("form", { noValidate: true }, ...above, errorAbove(), number, hint, told, digits, h("div", { class: "row" }, button, again, other));
  let [sentTo, againAt] = [null, 0];
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, sentTo === null ? () => send(phone.value.trim()) : () => shown(sentTo, code.value.trim()));
  });
  again.addEventListener("click", () => submitting(form, () => send(sentTo)));
  other.addEventListener("click", () => {
    begin();
    phone.focus();
  });

  async function send(wanted) {
    clearErrors(form);
    const { expires_in_s, resend_after_s } = await askForCode(wanted);
    [sentTo, againAt, code.value] = [wanted, Date.now() + resend_after_s * 1000, ""];
    text(told, counted(t.sent, Math.round(expires_in_s / 60), { number: wanted }));
    draw(Date.now());
    code.focus();
  }

  /** From the number on. */
  function begin() {
    [sentTo, againAt, code.value] = [null, 0, ""];
    clearErrors(form);
    text(told, "");
    draw(Date.now());
  }

  function draw(now) {
    const waits = sentTo !== null;
    for (const [element, seen] of [[number, !waits], [hint, !waits], [told, waits], [digits, waits], [again, waits], [other, waits]]) show(element, seen);
    code.disabled = !waits;
    const left = Math.ceil((againAt - now) / 1000);
    again.disabled = left > 0;
    text(again, left > 0 ? filled(t.wait, { time: leftOf(left) }) : t.again);
    text(button, waits ? act : t.send);
  }

  draw(0);
  return { form, draw, begin };
}
