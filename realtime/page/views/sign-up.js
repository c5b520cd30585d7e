/** Opening an account, in two steps: how one signs in, and a little about oneself. Who has shown a phone, say, needs only the second. */

import { errorAbove, goTo, h, show, submitting, text, valid } from "./dom.js";

/** What has to be there before the second step. */
const FIRST = ["display_name", "email", "password"];
/** What an account that is opened in another way does not have. */
const OWN_WAY = ["email", "password"];
const KEPT = "When somebody reports another, what shows it is kept for moderators: messages, and the picture that the reporter saw.";

/** `act(fields)` opens the account; `stepOf()` says which step is shown. */
export function signUpForm({ act, stepOf }) {
  const parts = form();
  const { whole, first, rest, step: told, button, back } = parts;
  let entering = null;
  whole.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!valid(whole)) return;
    if (stepOf() === "sign-up") goTo("about-you");
    else submitting(whole, open);
  });

  /** What is wrong with the first step is shown there. */
  async function open() {
    try {
      await act(Object.fromEntries(new FormData(whole)));
      whole.reset();
    } catch (error) {
      if (FIRST.includes(error.details?.field) && !entering) goTo("sign-up");
      throw error;
    }
  }

  function draw(step, way) {
    const second = step === "about-you";
    const name = whole.elements.display_name;
    if (way?.called && way !== entering && !name.value) name.value = way.called;
    entering = way;
    show(first, !second || entering !== null);
    for (const name of OWN_WAY) {
      show(whole.elements[name].closest("label"), entering === null);
      whole.elements[name].disabled = entering !== null;
    }
    show(parts.hint, entering === null);
    show(rest, second);
    rest.disabled = !second;
    show(back, second);
    back.href = entering === null ? "#sign-up" : entering.way === "phone" ? "#phone" : "#sign-in";
    const ways = whole.querySelector(".ways");
    if (ways) show(ways, !second);
    text(told, entering ? "A little about you, and you are in." : second ? "Step 2 of 2: about you" : "Step 1 of 2: how you sign in");
    text(button, second ? "Create account" : "Go on");
  }

  return { form: whole, draw, begun: () => FIRST.every((name) => whole.elements[name].value) };
}

function form() {
  const title = h("h1", { id: "signup-title", tabIndex: -1 }, "Create your account");
  const step = h("p", { class: "hint" });
  const hint = h("p", { id: "password-hint", class: "hint" }, "At least 8 characters.");
  const first = h(
    "fieldset", {}, h("legend", { class: "unseen" }, "How you sign in"),
    field("Display name", { name: "display_name", autocomplete: "name", maxLength: 100 }),
    field("Email", { name: "email", type: "email", autocomplete: "email" }),
    field("Password", { name: "password", type: "password", autocomplete: "new-password", "aria-describedby": hint.id }),
    hint,
  );
  const names = { female: "Female", male: "Male", other: "Other" };
  const options = Object.entries(names).map(([value, name]) => h("option", { value }, name));
  const gender = h("select", { name: "gender", required: true }, h("option", { value: "" }, "Choose…"), ...options);
  const born = field("Birth date", { name: "birth_date", type: "date", autocomplete: "bday" });
  const rest = h(
    "fieldset", {}, h("legend", { class: "unseen" }, "About you"),
    field("Username", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false }),
    h("div", { class: "pair" }, born, h("label", {}, "Gender", gender)),
    agreement(),
    h("p", { class: "hint" }, KEPT),
  );
  const [button, back] = [h("button", { class: "primary" }), h("a", { class: "button", href: "#sign-up" }, "Back")];
  const away = h("p", { class: "switch" }, "Been here before? ", h("a", { href: "#sign-in" }, "Sign in instead"));
  const whole = h(
    "form", { id: "signup", noValidate: true, hidden: true, "aria-labelledby": title.id },
    title, step, errorAbove(), first, rest, h("div", { class: "row" }, button, back), away,
  );
  return { whole, first, rest, step, hint, button, back };
}

function field(name, about) {
  return h("label", {}, name, h("input", { required: true, ...about }));
}

function agreement() {
  const read = (href, words) => h("a", { href, target: "_blank" }, words);
  const box = h("input", { type: "checkbox", required: true });
  const words = ["I am 18 or older, and I agree to the ", read("/rules", "community rules"), " and to ", read("/privacy", "what is kept about me"), "."];
  return h("label", { class: "check" }, box, h("span", {}, ...words));
}
