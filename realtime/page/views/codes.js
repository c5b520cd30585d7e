/**
 * One-time codes as a second factor: setting them up, and turning them off. Whether they are on is known by what the server answers.
 */

import { words } from "../texts.js";
import { notice } from "../words.js";
import { clearErrors, h, show, submitting, text, valid } from "./dom.js";
import { isOwn, part } from "./own.js";
import { plainCode } from "./signing-in.js";

/** What each step asks for. */
const ASKS = { password: "password", secret: "totp", off: "totp" };

export function codesView({ api }) {
  const t = words.codes;
  const on = h("button", { type: "button" }, t.set_up);
  const off = h("button", { type: "button" }, t.turn_off);
  const begin = h("div", { class: "row" }, on, off);
  const said = h("p", { class: "hint", role: "status" });
  const parts = form();
  part(t.title, h("p", { class: "calm" }, t.about), begin, parts.form, said);
  on.addEventListener("click", () => trying(ask));
  off.addEventListener("click", () => trying(turnOff));
  parts.cancel.addEventListener("click", () => rest(""));
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(parts.form)) submitting(parts.form, () => ACTS[step](parts.field.value.trim()));
  });
  let step = null;

  const ACTS = {
    password: ask,
    secret: async (code) => {
      await api.turnCodesOn(plainCode(code));
      rest(t.are_on);
    },
    off: turnOff,
  };

  /** A new secret; who has signed in a while ago shows the password for it. */
  async function ask(password) {
    try {
      go("secret", await api.askForCodes(password));
    } catch (error) {
      if (error.code === "conflict") go("off");
      else if (error.details?.factor === "password" && step !== "password") go("password");
      else throw error;
    }
  }

  async function turnOff(code) {
    try {
      await api.turnCodesOff(code && plainCode(code));
      rest(code ? t.are_off : t.are_not_on);
    } catch (error) {
      if (error.details?.factor !== "totp" || step === "off") throw error;
      go("off");
    }
  }

  async function trying(act) {
    text(said, "");
    await act().catch((error) => text(said, notice(error.code, error.retryAfterMs)));
  }

  function go(next, secret = null) {
    step = next;
    clearErrors(parts.form);
    parts.draw(step, secret);
    for (const [element, seen] of [[begin, false], [parts.form, true]]) show(element, seen);
    parts.field.focus();
  }

  function rest(told) {
    const focused = parts.form.contains(document.activeElement);
    step = null;
    clearErrors(parts.form);
    parts.draw("off", null);
    for (const [element, seen] of [[begin, true], [parts.form, false]]) show(element, seen);
    text(said, told);
    if (focused) on.focus();
  }

  return (state) => {
    if (step !== null && !isOwn(state)) rest(""); // a secret is not left standing
  };
}

/** The form for all steps, with one field. */
function form() {
  const t = words.codes;
  const [told, label, key] = [h("p"), h("span"), h("code")];
  const link = h("a", {}, t.open);
  const field = h("input", { required: true, maxLength: 128 });
  const [button, cancel] = [h("button", { class: "primary" }), h("button", { type: "button" }, t.cancel)];
  const qr = h("img", { class: "qr", alt: t.qr });
  const secret = h("dl", { class: "secret" }, h("dt", {}, t.secret), h("dd", {}, key), h("dt", {}, t.or), h("dd", {}, link));
  const wrong = h("p", { class: "wrong", role: "alert", "data-form-error": "", hidden: true });
  const row = h("div", { class: "row" }, button, cancel);
  const whole = h("form", { noValidate: true, hidden: true }, wrong, told, qr, secret, h("label", {}, label, field), row);

  function draw(step, given) {
    const code = ASKS[step] === "totp";
    text(told, t.steps[step].words);
    text(label, code ? t.code : t.password);
    text(button, t.steps[step].go);
    text(key, given?.secret.match(/.{1,4}/g).join(" ") ?? "");
    link.href = given?.url ?? "";
    if (given?.qr) qr.src = given.qr;
    else qr.removeAttribute("src"); // a secret is not left standing
    show(qr, Boolean(given?.qr));
    show(secret, given !== null);
    Object.assign(field, { value: "", name: ASKS[step], type: code ? "text" : "password", inputMode: code ? "numeric" : "text" });
    field.autocomplete = code ? "one-time-code" : "current-password";
  }

  return { form: whole, field, cancel, draw };
}
