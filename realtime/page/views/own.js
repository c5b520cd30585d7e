/** One's own account: the place for what the views of its parts put there, in their order. What it means that nothing is confirmed yet. */

import { isPending } from "../account-state.js";
import { pending } from "../account-words.js";
import { words } from "../texts.js";
import { byId, card, h, section, show, text } from "./dom.js";

export function ownView({ ways }) {
  const unconfirmed = card(words.own.unconfirmed, h("p", {}, pending(ways)));
  const place = section("own", words.own.title, unconfirmed);
  unconfirmed.classList.add("pending");

  return (state) => {
    show(place, state.account === "in" && state.place.name === "own");
    show(unconfirmed, isPending(state));
    show(byId("pending"), isPending(state) && (ways.mail || ways.sms));
    text(byId("own-status"), isPending(state) ? words.profile.unconfirmed : "");
  };
}

/** Whether one's own account is on the screen. */
export function isOwn({ account, place }) {
  return account === "in" && place.name === "own";
}

/** Says of each state whether one's own account is on the screen. Once it no longer is, `leave` has been called. */
export function whileOwn(leave) {
  let seen = false;
  return (state) => {
    const before = seen;
    seen = isOwn(state);
    if (before && !seen) leave();
    return seen;
  };
}

/** A part of it, after those that are there. */
export function part(title, ...children) {
  const made = card(title, ...children);
  byId("own").append(made);
  return made;
}
