/** The ways in to one's own account: which there are, one more, one fewer. The last one stays. */

import { providerName } from "../account-words.js";
import { filled, words } from "../texts.js";
import { dateAndTime, notice, unproven } from "../words.js";
import { arrange, h, show, text } from "./dom.js";
import { part, whileOwn } from "./own.js";
import { phoneForm } from "./phone.js";
import { proving } from "./proof.js";

export function loginsView({ account, provider, store, ways }) {
  const t = words.logins;
  const list = h("ul", { class: "consents" });
  const said = h("p", { class: "hint", role: "status" });
  const proof = proving({ store });
  const phone = phoneForm({ askForCode: (number) => account.askForCode(number), shown: addPhone, act: t.add_number });
  const adding = h("details", { class: "more", hidden: !ways.sms }, h("summary", {}, t.add_phone), phone.form);
  const others = Object.keys(ways.providers).map((name) => addButton(name));
  part(t.title, list, adding, h("div", { class: "row", hidden: !others.length }, ...others), proof.form, said);
  provider.onAdd((name, token) => {
    const done = filled(t.can, { way: providerName(name) });
    trying("provider", (proven) => account.addProvider(name, token, proven), done);
  });

  function addButton(name) {
    const button = h("button", { type: "button", "data-provider": name }, filled(t.add, { provider: providerName(name) }));
    button.addEventListener("click", () => provider.leaveFor(name, { adding: true }));
    return button;
  }

  function addPhone(number, code) {
    return proof.prove("phone", async (proven) => {
      await account.addPhone(number, code, proven);
      adding.open = false;
      phone.begin();
      text(said, filled(t.can, { way: number }));
    });
  }

  function remove({ id, provider: name, hint }) {
    if (!confirm(filled(t.removing, { way: calling(name, hint) }))) return;
    trying("removal", (proven) => account.removeLogin(id, proven), filled(t.removed, { way: calling(name, hint) }));
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
    const about = h("span", { class: "who" }, h("b", {}, providerName(name)), h("span", { class: "last" }, [hint, filled(t.since, { at: dateAndTime(created_at, settings) })].filter(Boolean).join(" · ")));
    const button = h("button", { type: "button", hidden: alone, "aria-label": filled(t.remove_way, { way: calling(name, hint) }) }, t.remove);
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
function trouble(error) {
  if (error.code === "conflict") return words.logins.conflict;
  return error.code === "unauthenticated" ? unproven(error) : notice(error.code, error.retryAfterMs);
}
