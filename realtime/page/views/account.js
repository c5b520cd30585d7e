/** Sign up and sign in. */

import { farewell } from "../words.js";
import { byId, show, submitting, text, valid } from "./dom.js";

export function accountView({ signUp, signIn }) {
  const [signup, signin] = [byId("signup"), byId("signin")];
  let wasSeen = false;

  function turnTo(form) {
    show(signup, form === signup);
    show(signin, form === signin);
    form.querySelector("input").focus();
  }

  function wire(form, action) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (valid(form)) submitting(form, () => action(Object.fromEntries(new FormData(form))).then(() => form.reset()));
    });
    form.querySelector("[data-to]").addEventListener("click", (event) => turnTo(byId(event.target.dataset.to)));
  }

  /** Whoever has turned one-time codes on is asked for one after the password was right. */
  async function signInWithCode({ totp, ...fields }) {
    try {
      await signIn(totp ? { ...fields, totp } : fields);
      show(byId("code"), false);
    } catch (error) {
      if (error.details?.factor === "totp") {
        show(byId("code"), true);
        signin.elements.totp.value = "";
        signin.elements.totp.focus();
      }
      throw error;
    }
  }

  wire(signup, signUp);
  wire(signin, signInWithCode);

  return (state) => {
    const seen = state.account === "out";
    show(byId("account"), seen);
    show(byId("farewell"), state.farewell !== null);
    text(byId("farewell"), state.farewell === null ? "" : farewell(state.farewell));
    if (seen && !wasSeen && state.farewell !== null) turnTo(signin);
    wasSeen = seen;
  };
}
