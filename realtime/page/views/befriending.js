/** On somebody's card: asking them to be a friend, answering, and ending it. */

import { relation } from "../friends-state.js";
import { unfriending } from "../people-words.js";
import { byId, h, show, submitting, text } from "./dom.js";

const WORDS = {
  friend: "You are friends.",
  in: "They ask to be your friend.",
  out: "You have asked them to be your friend.",
};

/** Gives what draws it, told whether the user has blocked them. */
export function befriending({ store, friends }) {
  const form = byId("person-form");
  const said = h("p", { class: "hint", role: "status" });
  byId("person-bio").before(said);
  const now = () => relation(store.state, store.state.person.peer.user_id);
  const buttons = {
    nobody: [["Add as friend", () => friends.ask(store.state.person.peer)]],
    in: [["Accept", () => friends.accept(now())], ["Refuse", () => friends.refuse(now())]],
    out: [["Withdraw request", () => friends.refuse(now())]],
    friend: [["Remove friend", () => confirm(unfriending(now())) && friends.remove(now())]],
  };
  const made = Object.entries(buttons).flatMap(([is, them]) => them.map(([words, action]) => ({ is, element: button(form, words, action) })));
  const write = h("a", { class: "button" }, "Write");
  write.addEventListener("click", () => store.dispatch("page:person", null));
  byId("person-report").before(write, ...made.map(({ element }) => element));

  return (state, blocked) => {
    const { is, room_id } = relation(state, state.person.peer.user_id);
    const within = form.contains(document.activeElement);
    for (const one of made) show(one.element, !blocked && one.is === is);
    show(write, is === "friend" && state.place.id !== room_id);
    if (room_id) write.setAttribute("href", `#room/${room_id}`);
    text(said, blocked ? "" : (WORDS[is] ?? ""));
    show(said, said.textContent !== "");
    if (within && !document.activeElement.checkVisibility()) form.querySelector("button.primary").focus(); // what was pressed is gone
  };
}

function button(form, words, action) {
  const element = h("button", { type: "button" }, words);
  element.addEventListener("click", () => submitting(form, action));
  return element;
}
