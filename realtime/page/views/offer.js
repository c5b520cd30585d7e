/** Somebody for you: the other's card, with the time that is left to join. */

import { secondsLeft } from "../state.js";
import { about } from "../words.js";
import { avatar, byId, show, text } from "./dom.js";

export function offerView({ meeting }) {
  const dialog = byId("offer");
  byId("accept").addEventListener("click", () => meeting.accept());
  byId("decline").addEventListener("click", () => meeting.decline());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // the state closes it
    meeting.decline();
  });
  let total = 1;

  return (state, now) => {
    const offer = state.encounter;
    const open = state.account === "in" && offer.phase === "offered";
    if (!open) return dialog.close();
    const left = secondsLeft(state, offer.expires_at, now);
    if (!dialog.open) {
      total = Math.max(1, left);
      dialog.showModal();
      byId("accept").focus();
    }
    draw(offer, left, state.media);
    dialog.style.setProperty("--left", left / total);
  };
}

function draw(offer, left, media) {
  const { peer, accepted, auto_accept, mode } = offer;
  avatar(byId("offer-avatar"), peer);
  text(byId("offer-eyebrow"), mode === "video" ? "Somebody for a video call" : "Somebody for a voice call");
  text(byId("offer-name"), peer.display_name);
  text(byId("offer-about"), about(peer));
  text(byId("offer-bio"), peer.bio ?? "");
  show(byId("offer-icebreaker"), Boolean(offer.icebreaker));
  text(byId("offer-icebreaker"), offer.icebreaker ?? "");
  show(byId("accept"), !accepted);
  byId("accept").disabled = media.status === "asking";
  const joining = auto_accept && media.status === "ready";
  const waiting = joining ? "You join in a moment." : `Join within ${left} s.`;
  text(byId("offer-state"), accepted ? `Waiting for ${peer.display_name}… ${left} s` : waiting);
}
