/** An offer: the other's card, with the time that is left to accept, or until the page accepts by itself. Or a call that rings, here or there. */

import { secondsUntil } from "../state.js";
import { filled, words } from "../texts.js";
import { about, camera, left } from "../words.js";
import { avatar, byId, show, text } from "./dom.js";

export function offerView({ meeting, bell }) {
  const dialog = byId("offer");
  byId("accept").addEventListener("click", () => meeting.accept());
  byId("decline").addEventListener("click", () => meeting.decline());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // the state closes it
    meeting.decline();
  });
  let opened = 0;

  return (state, now) => {
    const offer = state.encounter;
    const open = state.account === "in" && offer.phase === "offered" && offer.origin !== "echo";
    bell.ring(open ? sound(offer) : null);
    if (!open) return dialog.close();
    draw(offer, state.media, now); // before the keyboard gets there: whatever is hidden takes no focus
    if (!dialog.open) {
      opened = now;
      dialog.showModal();
      byId(offer.outgoing ? "decline" : "accept").focus();
    }
    const { since, until } = offer.accepted || !offer.joining ? { since: opened, until: offer.until } : offer.joining;
    const whole = until === null; // how long it rings may not be known
    byId("offer-countdown").style.setProperty("--left", whole ? 1 : Math.max(0, (until - now) / Math.max(1, until - since)));
  };
}

function sound({ origin, outgoing, accepted }) {
  if (outgoing) return "calling";
  if (accepted) return null;
  return origin === "direct" ? "ring" : "offer";
}

/** Whether the user sees the offer, and nothing keeps them from declining it. */
export function canRefuse() {
  if (document.hidden) return false;
  const button = byId("decline");
  const { x, y, width, height, right, bottom } = button.getBoundingClientRect();
  const inside = width > 0 && x >= 0 && y >= 0 && right <= innerWidth && bottom <= innerHeight;
  return inside && button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}

function draw(offer, media, now) {
  const { peer, accepted, mode, origin, outgoing } = offer;
  const said = origin === "direct" ? words.offer.direct : words.offer;
  avatar(byId("offer-avatar"), peer);
  text(byId("offer-eyebrow"), outgoing ? said.calling[mode] : said[mode]);
  text(byId("offer-name"), peer.display_name);
  text(byId("offer-about"), about(peer));
  text(byId("offer-bio"), peer.bio ?? "");
  show(byId("offer-icebreaker"), Boolean(offer.icebreaker));
  text(byId("offer-icebreaker"), offer.icebreaker?.text ?? "");
  text(byId("accept"), said.accept);
  text(byId("decline"), outgoing ? said.cancel : said.decline);
  show(byId("accept"), !accepted);
  byId("accept").disabled = media.status === "asking";
  text(byId("offer-state"), lacks(offer, media) ?? standing(offer, now));
}

/** Why they cannot answer; the preview that says so is behind. */
function lacks({ origin, accepted, mode }, { status }) {
  const fails = origin === "direct" && !accepted && ["refused", "missing", "busy", "failed"].includes(status);
  return fails ? camera({ status, mode }) : null;
}

function standing({ origin, peer, accepted, joining, until, outgoing }, now) {
  if (outgoing && until === null) return "";
  if (origin === "direct" && !outgoing && !accepted) {
    return filled(words.offer.direct.rings, { name: peer.display_name, left: left(secondsUntil(until, now)) });
  }
  // The mark keeps the number after the name, also if that is written from right to left.
  if (accepted) return filled(words.offer.waiting, { name: peer.display_name, left: left(secondsUntil(until, now)) });
  if (joining) return filled(words.offer.joining, { left: left(secondsUntil(joining.until, now)) });
  return filled(words.offer.within, { left: left(secondsUntil(until, now)) });
}
