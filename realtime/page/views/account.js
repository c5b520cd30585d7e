/** Sign up and sign in. */

import { farewell } from "../words.js";
import { byId, keepKeyboard, show, text } from "./dom.js";
import { onSubmit, signingIn } from "./signing-in.js";

export function accountView({ signUp, signIn }) {
  const [signup, signin] = [byId("signup"), byId("signin")];
  let wasSeen = false;

  function turnTo(form) {
    show(signup, form === signup);
    show(signin, form === signin);
    form.querySelector("input").focus();
  }

  for (const form of [signup, signin])
    form.querySelector("[data-to]").addEventListener("click", (event) => turnTo(byId(event.target.dataset.to)));
  onSubmit(signup, signUp);
  signingIn(signin, signIn);

  return (state) => {
    const seen = state.account === "out";
    show(byId("account"), seen);
    show(byId("farewell"), state.farewell !== null);
    text(byId("farewell"), state.farewell === null ? "" : farewell(state.farewell));
    if (seen && !wasSeen && state.farewell !== null) turnTo(signin);
    if (wasSeen && !seen) queueMicrotask(keepKeyboard); // when the other views are drawn
    wasSeen = seen;
  };
}
