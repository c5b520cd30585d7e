/** Who is not signed in: what this is, signing up, signing in, a forgotten password. One step at a time, by its address. */

import { words } from "../texts.js";
import { farewell } from "../words.js";
import { byId, clearErrors, h, keepKeyboard, saying, show, text } from "./dom.js";
import { forgotForm } from "./forgot.js";
import { offerOtherWays } from "./other-ways.js";
import { phoneForm } from "./phone.js";
import { secondForm } from "./second.js";
import { signUpForm } from "./sign-up.js";
import { signingIn } from "./signing-in.js";

export function accountView({ store, ways, api, entering, provider, signUp, signIn }) {
  const act = (fields) => (store.state.entering ? entering.more({ profile: fields }) : signUp(fields));
  const signup = signUpForm({ act, stepOf: () => stepOf(store.state) });
  const forgot = forgotForm({ api });
  const phone = byPhone(entering);
  const second = secondForm({ entering });
  const forms = {
    welcome: byId("welcome"), "sign-up": signup.form, "about-you": signup.form, "sign-in": byId("signin"),
    forgot: forgot.form, phone: phone.form, second,
  };
  byId("steps").append(signup.form, forgot.form, phone.form, second);
  for (const form of [signup.form, byId("signin")]) offerOtherWays(form, { ways, provider });
  signingIn(byId("signin"), signIn);
  for (const part of document.querySelectorAll("[data-needs]")) show(part, ways[part.dataset.needs]);

  /** A step is left out where it needs another one first, or what this server cannot do. */
  function stepOf({ door, entering }) {
    if (door === "about-you" && !entering && !signup.begun()) return "sign-up";
    if (door === "second" && !entering) return "sign-in";
    if ((door === "forgot" && !ways.mail) || (door === "phone" && !ways.sms)) return "sign-in";
    return forms[door] ? door : "sign-in";
  }

  let drawn = null;
  return (state, now) => {
    const seen = state.account === "out" && state.place.name !== "letter";
    const step = seen ? stepOf(state) : null;
    show(byId("account"), seen);
    byId("account").dataset.step = step;
    show(byId("farewell"), state.farewell !== null);
    text(byId("farewell"), state.farewell === null ? "" : farewell(state.farewell));
    for (const form of Object.values(forms)) show(form, forms[step] === form);
    signup.draw(step, state.entering);
    if (step === "phone") phone.draw(now);
    if (step !== drawn) arrive(step, drawn);
    drawn = step;
  };

  function arrive(step, before) {
    if (step === null) phone.begin();
    if (step === null) return queueMicrotask(keepKeyboard); // when the other views are drawn
    if (step === "forgot") forgot.begin();
    const form = forms[step];
    if (form.matches("form")) clearErrors(form);
    const field = [...form.querySelectorAll("input")].find((each) => !each.matches(":disabled") && each.checkVisibility());
    if (before !== null) (field ?? form.querySelector("h1")).focus();
  }
}

function byPhone(entering) {
  const title = h("h1", { id: "phone-title", tabIndex: -1 }, words.sign_in.with_phone);
  const made = phoneForm({
    above: [title],
    askForCode: (number) => entering.askForCode(number),
    shown: (number, code) => entering.byPhone(number, code),
    act: words.sign_in.on,
  });
  made.form.setAttribute("aria-labelledby", title.id);
  made.form.append(saying(h("p", { class: "switch" }, h("a", { href: "#sign-in" })), words.sign_in.another));
  return made;
}
