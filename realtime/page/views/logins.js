/** The ways in to one's own account: which there are, one more, one fewer. The last one stays. */

import { providerName } from "../account-words.js";
import { dateAndTime, notice } from "../words.js";
import { arrange, h, show, text } from "./dom.js";
import { part, whileOwn } from "./own.js";
import { phoneForm } from "./phone.js";
import { proving } from "./proof.js";

export function loginsView({ account, provider, store, ways }) {
  const list = h("ul", { class: "consents" });
  const said = h("p", { class: "hint", role: "status" });
  const proof = proving({ store });
  const phone = phoneForm({ askForCode: (number) => account.askForCode(number), shown: addPhone, act: "Add this number" });
  const adding = h("details", { class: "more", hidden: !ways.sms }, h("summary", {}, "Add a phone number"), phone.form);
  const others = Object.keys(ways.providers).map((name) => addButton(name));
  part("Ways to sign in", list, adding, h("div", { class: "row", hidden: !others.length }, ...others), proof.form, said);
  provider.onAdd((name, token) => {
    const [what, done] = [`adding ${providerName(name)}`, `You can sign in with ${providerName(name)} now.`];
    trying(what, (proven) => account.addProvider(name, token, proven), done);
  });

  function addButton(name) {
    const button = h("button", { type: "button", "data-provider": name }, `Add ${providerName(name)}`);
    button.addEventListener("click", () => provider.leaveFor(name, { adding: true }));
    return button;
  }

  function addPhone(number, code) {
    return proof.prove("adding a number", async (proven) => {
      await account.addPhone(number, code, proven);
      adding.open = false;
      phone.begin();
      text(said, `You can sign in with ${number} now.`);
    });
  }

  function remove({ id, provider: name, hint }) {
    if (!confirm(`Sign in with ${calling(name, hint)} no longer?`)) return;
    trying("removing a way to sign in", (proven) => account.removeLogin(id, proven), `${calling(name, hint)} was removed.`);
  }

  async function trying(what, act, done) {
    text(said, "");
    const whole = async (proven) => {
      await act(proven);
      text(said, done);
    };
    await proof.prove(what, whole).catch((error) => text(said, trouble(error)));
  }

  function item(login, alone, settings) {
    const { provider: name, hint, created_at } = login;
    const about = h("span", { class: "who" }, h("b", {}, providerName(name)), h("span", { class: "last" }, [hint, `since ${dateAndTime(created_at, settings)}`].filter(Boolean).join(" · ")));
    const button = h("button", { type: "button", hidden: alone, "aria-label": `Remove: ${calling(name, hint)}` }, "Remove");
    button.addEventListener("click", () => remove(login));
    return h("li", {}, about, button);
  }

  let drawn = "";
  const seen = whileOwn(() => {
    proof.close();
    phone.begin();
    adding.open = false;
    text(said, "");
  });
  return (state, now) => {
    if (!seen(state)) return;
    phone.draw(now);
    const { logins, settings } = state;
    const as = JSON.stringify([logins, settings]);
    if (drawn === as) return;
    arrange(list, (logins ?? []).map((login) => item(login, logins.length === 1, settings)));
    for (const button of others) show(button, !logins?.some((login) => login.provider === button.dataset.provider));
    drawn = as;
  };
}

function calling(name, hint) {
  return hint && name !== "password" ? `${providerName(name)} (${hint})` : providerName(name);
}

/** What the server says to who has no password is a sentence of its own. */
function trouble({ code, message, retryAfterMs }) {
  if (code === "conflict") return "That belongs to another account already, or is the last way in that you have.";
  return code === "unauthenticated" ? message : notice(code, retryAfterMs);
}
