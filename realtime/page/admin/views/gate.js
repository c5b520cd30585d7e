/** Signing in, with a one-time code; and who is let in no further. */

import { onSubmit, plainCode, signingIn } from "../../views/signing-in.js";
import { farewell } from "../../words.js";
import { byId, show, text } from "./parts.js";

const TURN_ON =
  "Moderators sign in with a one-time code. Scan this with an authenticator app, or type the secret into one; then type the code that it shows.";
const SHOW_ONE = "Type the code that your authenticator app shows.";

export function gateView({ desk, signIn, signOut }) {
  const [signin, factor, proof] = ["signin", "factor", "proof"].map(byId);
  let before = null;

  signingIn(signin, signIn);
  onSubmit(factor, ({ totp }) => desk.showCode(plainCode(totp)));
  onSubmit(proof, ({ password }) => desk.prove(password));
  for (const button of document.querySelectorAll("[data-sign-out]")) button.addEventListener("click", signOut);

  return ({ account, reachable, me, secret, farewell: code }) => {
    show(byId("starting"), account === "unknown");
    text(byId("starting-text"), reachable ? "Starting…" : "The server cannot be reached. Trying again…");
    show(byId("gate"), ["out", "stranger", "factor", "proof"].includes(account));
    show(signin, account === "out");
    show(byId("farewell"), code !== null);
    text(byId("farewell"), code === null ? "" : farewell(code));
    show(byId("stranger"), account === "stranger");
    text(byId("stranger-name"), account === "stranger" ? me.display_name : "");
    show(proof, account === "proof");
    show(factor, account === "factor");
    text(byId("factor-text"), secret ? TURN_ON : SHOW_ONE);
    show(byId("factor-qr"), Boolean(secret?.qr));
    byId("factor-qr").src = secret?.qr ?? "";
    show(byId("factor-secret"), secret !== null);
    text(byId("secret"), secret?.secret.match(/.{1,4}/g).join(" ") ?? "");
    byId("otpauth").href = secret?.url ?? "";
    if (account !== before)
      byId("gate").querySelector("form:not([hidden]) > label > input, div:not([hidden]) > h1[tabindex]")?.focus();
    before = account;
  };
}
