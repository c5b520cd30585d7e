/** On somebody's card: asking them to be a friend, answering, and ending it. */

import { relation } from "../friends-state.js";
import { unfriending } from "../people-words.js";
import { words } from "../texts.js";
import { byId, h, show, submitting, text } from "./dom.js";

/** Gives what draws it, told whether the user has blocked them. */
export function befriending({ store, friends }) {
  const t = words.friends;
  const WORDS = { friend: t.is_friend, in: t.is_asking, out: t.is_asked };
  const form = byId("person-form");
  const said = h("p", { class: "hint", role: "status" });
  byId("person-bio").before(said);
  const now = () => relation(store.state, store.state.person.peer.user_id);
  const buttons = {
    nobody: [[t.befriend, () => friends.ask(store.state.person.peer)]],
    in: [[t.accept, () => friends.accept(now())], [t.refuse, () => friends.refuse(now())]],
    out: [[t.withdraw_request, () => friends.refuse(now())]],
    friend: [[t.unfriend, () => confirm(unfriending(now())) && friends.remove(now())]],
  };
  const made = Object.entries(buttons).flatMap(([is, them]) => them.map(([label, action]) => ({ is, element: button(form, label, action) })));
  const write = h("a", { class: "button" }, t.write);
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

function button(form, label, action) {
  const element = h("button", { type: "button" }, label);
  element.addEventListener("click", () => submitting(form, action));
  return element;
}
