/** Friends: who asks, who is there, whom one has asked, and whom one may know. */

import { presence, suggested } from "../people-words.js";
import { failure } from "../state.js";
import { filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { arrange, avatar, card, h, keepKeyboard, section, show, text } from "./dom.js";

const AT_ONCE = 100;
/** Nobody is told that somebody is gone whom they may not see any more: the lists are read anew now and then. */
const AGAIN_MS = 60_000;

export function friendsView({ store, friends }) {
  const t = words.friends;
  const place = section("friends", t.title);
  const act = (action) =>
    action().catch((error) => {
      store.dispatch("page:notice", failure(error));
      friends.look(); // they may be gone
    });
  const whom = (does, { user }) => filled(t.whom, { does, name: user.display_name });
  const asks = (does, name, action) => (item) => pressed(does, whom(does, item), name, () => act(() => action(item)));
  const meet = (item) => store.dispatch("page:person", { peer: item.user, room_id: item.room_id, introduced: true });
  const lists = {
    in: people(t.asking, meet, [
      asks(t.accept, "primary", (item) => friends.accept(item)),
      asks(t.refuse, "", (item) => friends.refuse(item)),
    ]),
    friends: people(t.yours, meet, [write]),
    out: people(t.asked, meet, [asks(t.withdraw, "", (item) => friends.refuse(item))]),
    suggestions: people(t.suggested, meet, [asks(t.add, "", (item) => friends.ask(item.user))]),
  };
  place.append(...Object.values(lists).map(({ element }) => element));
  const more = h("button", { type: "button", class: "quiet" }, t.more);
  lists.friends.element.append(more);
  let [looked, most] = [null, AT_ONCE];
  more.addEventListener("click", () => {
    most += AT_ONCE;
    draw(store.state);
  });

  function draw({ friends: known, asked, suggestions, presences, settings }) {
    const since = (said) => (item) => filled(said, { at: dateAndTime(item.created_at, settings) });
    lists.in.draw(asked.in, since(t.since));
    lists.friends.draw(known?.slice(0, most) ?? null, ({ user }) => presence(presences[user.user_id], settings), t.nobody);
    lists.out.draw(asked.out, since(t.on));
    lists.suggestions.draw(suggestions, suggested);
    show(more, known?.length > most);
  }

  return (state, now) => {
    const seen = state.account === "in" && state.place.name === "friends";
    show(place, seen);
    if (!seen) looked = null;
    if (!seen) return;
    if (looked === null || (now - looked > AGAIN_MS && !document.hidden)) look(now);
    draw(state);
  };

  function look(now) {
    looked = now;
    queueMicrotask(() => Promise.all([friends.look(), friends.suggest()])); // a view never changes the state while it is drawn
  }
}

function write({ room_id, user }) {
  return h("a", { class: "button", href: `#room/${room_id}`, "aria-label": filled(words.friends.write_to, { name: user.display_name }) }, words.friends.write);
}

export function pressed(does, label, name, action) {
  const button = h("button", { type: "button", class: name, "aria-label": label }, does);
  button.addEventListener("click", action);
  return button;
}

/** A card with people, each with a line below their name and what can be done. Without any it is seen only if it says so. */
function people(title, meet, actions) {
  const [list, none] = [h("ul", { class: "friends" }), h("p", { class: "calm" })];
  const element = card(title, none, list);
  const rows = new Map();
  const row = (item, line) => {
    const id = item.id ?? item.user.user_id;
    const as = JSON.stringify(item);
    if (rows.get(id)?.as !== as) rows.set(id, { as, item: someone(item, meet, actions) });
    const made = rows.get(id).item;
    text(made.querySelector(".last"), line(item));
    return made;
  };
  const draw = (items, line, empty = "") => {
    const within = list.contains(document.activeElement);
    arrange(list, (items ?? []).map((item) => row(item, line)));
    text(none, items?.length === 0 ? empty : "");
    show(none, none.textContent !== "");
    show(element, items?.length > 0 || none.textContent !== "");
    if (within && !list.contains(document.activeElement)) keepKeyboard(); // who was answered is gone
  };
  return { element, draw };
}

/** Somebody in a list: their card opens by `meet`, and beside it is what can be done. */
export function someone(item, meet, actions) {
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, item.user);
  const who = h("span", { class: "who" }, h("b", {}, item.user.display_name), h("span", { class: "last" }));
  const button = h("button", { type: "button", class: "someone" }, face, who);
  button.addEventListener("click", () => meet(item));
  return h("li", {}, button, h("div", { class: "row" }, ...actions.map((action) => action(item))));
}
