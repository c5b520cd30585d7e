/** The form that signs in, on both pages: the password, and a one-time code after it where one is asked for. */

import { byId, show, submitting, valid } from "./dom.js";

/** `action` is given the fields of the form, which is empty again when it is done. */
export function onSubmit(form, action) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => action(Object.fromEntries(new FormData(form))).then(() => form.reset()));
  });
}

/** Authenticator apps show a code in two groups. */
export function plainCode(totp) {
  return totp.replaceAll(" ", "");
}

/** Whoever has turned one-time codes on is asked for one after the password was right. */
export function signingIn(form, signIn) {
  onSubmit(form, async ({ totp, ...fields }) => {
    try {
      await signIn(totp ? { ...fields, totp: plainCode(totp) } : fields);
      show(byId("code"), false);
    } catch (error) {
      if (error.details?.factor === "totp") {
        show(byId("code"), true);
        form.elements.totp.value = "";
        form.elements.totp.focus();
      }
      throw error;
    }
  });
}
