/** Somebody's card, from a chat or a past call, and what the user can do about them. */

import { blocking } from "../safety-words.js";
import { failure } from "../state.js";
import { about, notice } from "../words.js";
import { avatar, byId, clearErrors, show, submitting, text } from "./dom.js";

export function personView({ store, safety, chat }) {
  const [dialog, form] = [byId("person"), byId("person-form")];
  let [drawn, card] = [null, null];
  byId("person-report").addEventListener("click", () => store.dispatch("page:report", reported(store.state.person)));
  byId("person-block").addEventListener("click", () => block(store.state.person.peer));
  byId("person-end").addEventListener("click", () => end(store.state.person));
  dialog.addEventListener("close", () => {
    clearErrors(form);
    if (store.state.person === drawn) store.dispatch("page:person", null);
  });

  function block(peer) {
    if (confirm(blocking(peer.display_name))) submitting(form, () => safety.block(peer));
  }

  async function end({ peer, room_id }) {
    if (!confirm(`End the connection with ${peer.display_name}? You will not be able to write to each other any more.`)) return;
    store.dispatch("page:person", null);
    await chat.endConnection(room_id).catch((error) => store.dispatch("page:notice", failure(error)));
  }

  /** What one knows of somebody may be a name only; their card says more, where it is to be seen. */
  async function look(person) {
    [drawn, card] = [person, null];
    const words = await safety.card(person.peer.user_id).then(
      (found) => ((card = found), ""),
      (error) => (error.code === "not_found" ? "Their profile is not to be seen." : notice(error.code, error.retryAfterMs)),
    );
    if (store.state.person !== person) return;
    text(byId("person-state"), words);
    draw(store.state, card ?? person.peer);
  }

  function draw({ rooms, person }, peer) {
    avatar(byId("person-avatar"), peer);
    text(byId("person-name"), peer.display_name);
    text(byId("person-about"), card ? about(card) : "");
    text(byId("person-bio"), card?.bio ?? "");
    show(byId("person-bio"), Boolean(card?.bio));
    show(byId("person-end"), rooms[person.room_id]?.active === true);
  }

  return (state) => {
    const { account, person } = state;
    if (account !== "in" || !person) return dialog.close();
    if (drawn !== person) {
      text(byId("person-state"), "");
      look(person);
      draw(state, person.peer);
    }
    if (!dialog.open) dialog.showModal();
  };
}

/** Where they were met in a call, that call is reported: moderators then see what is known of it. */
function reported({ peer, call_id }) {
  return { subject: call_id ? { type: "call", id: call_id } : { type: "user", id: peer.user_id }, peer };
}
