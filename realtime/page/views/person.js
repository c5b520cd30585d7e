/** Somebody's card, from a chat or a past call, and what the user can do about them. */

import { hasBlocked } from "../safety-state.js";
import { blocking, unseen } from "../safety-words.js";
import { failure } from "../state.js";
import { filled, words } from "../texts.js";
import { about, notice } from "../words.js";
import { befriending } from "./befriending.js";
import { arrange, avatar, byId, clearErrors, h, show, submitting, text } from "./dom.js";
import { photo, video } from "./picture.js";

export function personView(parts) {
  const { store, safety, chat, friends } = parts;
  const [dialog, form] = [byId("person"), byId("person-form")];
  const drawFriendship = befriending(parts);
  const gallery = h("ul", { class: "gallery", "aria-label": words.person.gallery });
  byId("person-bio").after(gallery);
  let [drawn, card, trouble] = [null, null, null];
  byId("person-report").addEventListener("click", () => store.dispatch("page:report", reported(store.state.person)));
  byId("person-block").addEventListener("click", () => block(store.state.person.peer));
  byId("person-unblock").addEventListener("click", () => safety.unblock(store.state.person.peer.user_id));
  byId("person-end").addEventListener("click", () => end(store.state.person));
  dialog.addEventListener("cancel", leave);
  dialog.addEventListener("close", () => dialog.open || leave()); // it is told late: another may be open by now
  form.addEventListener("submit", leave);

  function leave() {
    if (store.state.person === drawn) store.dispatch("page:person", null);
  }

  function block(peer) {
    if (confirm(blocking(peer.display_name))) submitting(form, () => safety.block(peer));
  }

  async function end({ peer, room_id }) {
    if (!confirm(filled(words.person.ending, { name: peer.display_name }))) return;
    store.dispatch("page:person", null);
    await chat.endConnection(room_id).catch((error) => store.dispatch("page:notice", failure(error)));
  }

  /** What one knows of somebody may be a name only; their card says more, where it is to be seen. */
  async function look(person) {
    [drawn, card, trouble] = [person, null, null];
    clearErrors(form);
    friends.look();
    const [found, failed] = await Promise.all([safety.card(person.peer.user_id), safety.loadBlocks()]).then(
      ([found]) => [found, null],
      (error) => [null, error],
    );
    if (store.state.person !== person) return;
    [card, trouble] = [found, failed];
    draw(store.state);
  }

  function draw(state) {
    const { rooms, person } = state;
    const peer = card ?? person.peer;
    const blocked = hasBlocked(state, peer.user_id);
    text(byId("person-state"), lacking(person, blocked, trouble));
    show(byId("person-block"), !blocked);
    show(byId("person-unblock"), blocked);
    avatar(byId("person-avatar"), peer);
    text(byId("person-name"), peer.display_name);
    text(byId("person-about"), card || person.introduced ? about(peer) : "");
    text(byId("person-bio"), card?.bio ?? "");
    show(byId("person-bio"), Boolean(card?.bio));
    show(byId("person-end"), rooms[person.room_id]?.active === true && Boolean(rooms[person.room_id].connection_id));
    drawGallery(gallery, card);
    drawFriendship(state, blocked);
  }

  return (state) => {
    const { account, person } = state;
    if (account !== "in" || !person) return dialog.close();
    if (drawn !== person) look(person);
    draw(state);
    if (!dialog.open) dialog.showModal();
  };
}

/** All that they show, the first photo large. What is there already stays. */
function drawGallery(gallery, card) {
  const shown = [...(card?.photos ?? []), ...(card?.videos ?? [])];
  const items = shown.map((media, at) => [...gallery.children].find((item) => item.dataset.id === media.id) ?? pictured(media, at, card));
  arrange(gallery, items);
  show(gallery, items.length > 0);
}

function pictured(media, at, { display_name, photos }) {
  const isVideo = media.type === "video";
  const name = filled(isVideo ? words.person.video : words.person.photo, { at: at + 1 - (isVideo ? photos.length : 0), name: display_name });
  const shown = isVideo ? video(media, { label: name }) : photo(media, { alt: name, wide: at ? "9rem" : "24rem" });
  return h("li", { "data-id": media.id }, shown);
}

/** Why their card is not shown; nothing where it is, or while it is asked for. */
function lacking({ missed, introduced }, blocked, trouble) {
  if (introduced && !blocked && trouble?.code === "not_found") return words.person.stranger;
  if (blocked || trouble?.code === "not_found") return unseen({ blocked, missed });
  return trouble ? notice(trouble.code, trouble.retryAfterMs) : "";
}

/** Where they were met in a call, that call is reported: moderators then see what is known of it. */
function reported({ peer, call_id }) {
  return { subject: call_id ? { type: "call", id: call_id } : { type: "user", id: peer.user_id }, peer };
}
