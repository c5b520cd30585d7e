/** Opening an account, in two steps: how one signs in, and a little about oneself. Who has shown a phone, say, needs only the second. */

import { words } from "../texts.js";
import { errorAbove, goTo, h, reading, saying, show, submitting, text, valid } from "./dom.js";

/** What has to be there before the second step. */
const FIRST = ["display_name", "email", "password"];
/** What an account that is opened in another way does not have. */
const OWN_WAY = ["email", "password"];

/** `act(fields)` opens the account; `stepOf()` says which step is shown. */
export function signUpForm({ act, stepOf }) {
  const t = words.sign_up;
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
    text(told, entering ? t.only : second ? t.step_2 : t.step_1);
    text(button, second ? t.go : words.sign_in.on);
  }

  return { form: whole, draw, begun: () => FIRST.every((name) => whole.elements[name].value) };
}

function form() {
  const t = words.sign_up;
  const title = h("h1", { id: "signup-title", tabIndex: -1 }, t.title);
  const step = h("p", { class: "hint" });
  const hint = h("p", { id: "password-hint", class: "hint" }, t.at_least);
  const first = h(
    "fieldset", {}, h("legend", { class: "unseen" }, t.first),
    field(t.name, { name: "display_name", autocomplete: "name", maxLength: 100 }),
    field(t.email, { name: "email", type: "email", autocomplete: "email" }),
    field(words.sign_in.password, { name: "password", type: "password", autocomplete: "new-password", "aria-describedby": hint.id }),
    hint,
  );
  const options = ["female", "male", "other"].map((value) => h("option", { value }, t[value]));
  const gender = h("select", { name: "gender", required: true }, h("option", { value: "" }, t.choose), ...options);
  const born = field(t.born, { name: "birth_date", type: "date", autocomplete: "bday" });
  const rest = h(
    "fieldset", {}, h("legend", { class: "unseen" }, t.second),
    field(t.username, { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false }),
    h("div", { class: "pair" }, born, h("label", {}, t.gender, gender)),
    agreement(),
    h("p", { class: "hint" }, t.kept),
  );
  const [button, back] = [h("button", { class: "primary" }), h("a", { class: "button", href: "#sign-up" }, words.sign_in.back)];
  const away = saying(h("p", { class: "switch" }, h("a", { href: "#sign-in" })), t.instead);
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
  const box = h("input", { type: "checkbox", required: true });
  const read = ["/rules", "/privacy"].map((href) => h("a", { href: reading(href), target: "_blank" }));
  return h("label", { class: "check" }, box, saying(h("span", {}, ...read), words.sign_up.agree));
}
