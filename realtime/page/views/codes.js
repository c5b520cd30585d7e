/**
 * One-time codes as a second factor: setting them up, and turning them off. Whether they are on is known by what the server answers.
 */

import { notice } from "../words.js";
import { clearErrors, h, show, submitting, text, valid } from "./dom.js";
import { isOwn, part } from "./own.js";
import { plainCode } from "./signing-in.js";

const ABOUT = "With them, signing in takes your password and a code that an authenticator app shows: a stolen password is then not enough.";

/** What each step says, and what it asks for. */
const STEPS = {
  password: { words: "First your password, as you signed in a while ago.", asks: "password", go: "Go on" },
  secret: {
    words: "Scan this with an authenticator app, or type the secret into one; then type the code that it shows. Keep the secret too: whoever loses the app needs it.",
    asks: "totp",
    go: "Turn on",
  },
  off: { words: "One-time codes are on. Turning them off takes a code of your app.", asks: "totp", go: "Turn off" },
};

export function codesView({ api }) {
  const on = h("button", { type: "button" }, "Set up codes");
  const off = h("button", { type: "button" }, "Turn codes off");
  const begin = h("div", { class: "row" }, on, off);
  const said = h("p", { class: "hint", role: "status" });
  const parts = form();
  part("Signing in with one-time codes", h("p", { class: "calm" }, ABOUT), begin, parts.form, said);
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
      rest("One-time codes are on.");
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
      rest(code ? "One-time codes are off." : "One-time codes are not on.");
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
    parts.draw(STEPS[step], secret);
    for (const [element, seen] of [[begin, false], [parts.form, true]]) show(element, seen);
    parts.field.focus();
  }

  function rest(words) {
    const focused = parts.form.contains(document.activeElement);
    step = null;
    clearErrors(parts.form);
    parts.draw(STEPS.off, null);
    for (const [element, seen] of [[begin, true], [parts.form, false]]) show(element, seen);
    text(said, words);
    if (focused) on.focus();
  }

  return (state) => {
    if (step !== null && !isOwn(state)) rest(""); // a secret is not left standing
  };
}

/** The form for all steps, with one field. */
function form() {
  const [words, label, key] = [h("p"), h("span"), h("code")];
  const link = h("a", {}, "Open it in an app on this device");
  const field = h("input", { required: true, maxLength: 128 });
  const [button, cancel] = [h("button", { class: "primary" }), h("button", { type: "button" }, "Cancel")];
  const qr = h("img", { class: "qr", alt: "QR code of the secret" });
  const secret = h("dl", { class: "secret" }, h("dt", {}, "Secret"), h("dd", {}, key), h("dt", {}, "Or"), h("dd", {}, link));
  const wrong = h("p", { class: "wrong", role: "alert", "data-form-error": "", hidden: true });
  const row = h("div", { class: "row" }, button, cancel);
  const whole = h("form", { noValidate: true, hidden: true }, wrong, words, qr, secret, h("label", {}, label, field), row);

  function draw(step, given) {
    const code = step.asks === "totp";
    text(words, step.words);
    text(label, code ? "Code of your authenticator app" : "Password");
    text(button, step.go);
    text(key, given?.secret.match(/.{1,4}/g).join(" ") ?? "");
    link.href = given?.url ?? "";
    if (given?.qr) qr.src = given.qr;
    else qr.removeAttribute("src"); // a secret is not left standing
    show(qr, Boolean(given?.qr));
    show(secret, given !== null);
    Object.assign(field, { value: "", name: step.asks, type: code ? "text" : "password", inputMode: code ? "numeric" : "text" });
    field.autocomplete = code ? "one-time-code" : "current-password";
  }

  return { form: whole, field, cancel, draw };
}
