/** The call: the other's picture large, the user's own small, and the buttons. */

import { veiled } from "../encounter-state.js";
import { secondsLeft, serverTime } from "../state.js";
import { filled, words } from "../texts.js";
import { deciding, duration, left as leftOf, place, whom } from "../words.js";
import { avatar, byId, play, press, show, text } from "./dom.js";

const FITS_TO = 1.8;

export function callView({ store, meeting, media, remote, frame, awake }) {
  byId("mute").addEventListener("click", () => meeting.toggle("audio"));
  byId("camera").addEventListener("click", () => meeting.toggle("video"));
  byId("hangup").addEventListener("click", () => meeting.hangUp());
  byId("skip").addEventListener("click", () => meeting.skip());
  byId("hear").addEventListener("click", () => byId("remote").play().then(() => show(byId("hear"), false)));
  for (const id of ["unveil", "remote"]) byId(id).addEventListener("click", unveil);
  byId("remote").addEventListener("resize", fit);
  addEventListener("resize", fit);
  addEventListener("keydown", (event) => shortcut(event, store.state));
  let shown = false;

  function unveil() {
    const { encounter } = store.state;
    if (encounter.phase !== "call" || !veiled(encounter)) return;
    store.dispatch("page:unveiled", { call_id: encounter.call_id });
    byId("call-name").focus(); // the button is gone, and with it the place of the keyboard
  }

  return (state, now) => {
    const { encounter } = state;
    const seen = state.account === "in" && encounter.phase === "call";
    show(byId("call"), seen);
    byId("main").inert = seen;
    byId("shell").inert = seen;
    play(byId("remote"), seen ? remote.stream : null, () => show(byId("hear"), true));
    play(byId("local"), seen && encounter.mode === "video" ? media.stream : null);
    awake.keep(seen);
    if (seen) draw(state, now, remote.stream);
    if (seen && encounter.peer && looks(encounter, remote.stream)) frame.look(encounter.call_id, byId("remote"), now);
    frame.keep([encounter.call_id, encounter.after?.call_id, state.report?.call_id]);
    if (seen && !shown) byId("call-name").focus();
    shown = seen;
  };
}

/** Whether the user sees the other right now, in a call with a picture. */
function looks(encounter, stream) {
  return isVisible(encounter, stream) && !veiled(encounter);
}

function isVisible({ mode, peerMedia, leaving }, stream) {
  return Boolean(mode === "video" && stream && peerMedia.video && leaving !== "report");
}

function draw(state, now, stream) {
  const { encounter, media } = state;
  const video = encounter.mode === "video";
  const { peer, peerMedia } = encounter;
  const name = whom(encounter);
  text(byId("call-name"), name);
  text(byId("call-about"), peer ? place(peer) : "");
  const about = !peer ? words.call.echo_about : encounter.decider ? deciding(encounter.decider, peer) : "";
  show(byId("call-decides"), about !== "");
  text(byId("call-decides"), about);
  avatar(byId("remote-avatar"), peer ?? state.me);
  const visible = isVisible(encounter, stream);
  show(byId("remote-blank"), !visible);
  byId("remote").classList.toggle("dark", !visible);
  byId("remote").classList.toggle("veiled", veiled(encounter));
  show(byId("unveil"), visible && veiled(encounter));
  byId("remote").classList.toggle("stale", state.link !== "online" || encounter.state !== "live");
  show(byId("call-icebreaker"), Boolean(encounter.icebreaker));
  text(byId("call-icebreaker"), encounter.icebreaker?.text ?? "");
  flag("peer-muted", peer !== null && !peerMedia.audio, filled(words.call.peer_muted, { name }));
  flag("peer-dark", peer !== null && video && !peerMedia.video, filled(words.call.peer_dark, { name }));
  standing(state, now);
  show(byId("self"), video);
  show(byId("self-off"), !media.video);
  press(byId("mute"), !media.audio, media.audio ? "mic" : "mic-off");
  show(byId("camera"), video);
  press(byId("camera"), !media.video, media.video ? "cam" : "cam-off");
  show(byId("skip"), !["direct", "echo"].includes(encounter.origin));
  show(byId("report"), peer !== null);
}

function flag(id, raised, said) {
  show(byId(id), raised);
  text(byId(id).querySelector("span"), said);
}

function standing(state, now) {
  const { encounter } = state;
  const shown = state.link === "online" ? encounter.state : "reconnecting"; // what else holds is not ours to know
  const left = secondsLeft(state, encounter.state === "live" ? null : encounter.deadline, now);
  const counts = shown === "reconnecting" && left !== null;
  text(byId("call-state"), counts ? filled(words.call.reconnecting_for, { left: leftOf(left) }) : words.call[shown]);
  byId("call-dot").dataset.state = shown;
  show(byId("call-time"), shown === "live" && encounter.live_at !== null);
  text(byId("call-time"), duration((serverTime(state, now) - Date.parse(encounter.live_at ?? 0)) / 1000));
}

/** Fill the screen, unless that would cut most of the picture away: a phone's on a desktop, say. */
function fit() {
  const video = byId("remote");
  if (!video.videoWidth || !video.clientHeight) return;
  const [theirs, ours] = [video.videoWidth / video.videoHeight, video.clientWidth / video.clientHeight];
  video.classList.toggle("whole", Math.max(theirs / ours, ours / theirs) > FITS_TO);
}

function shortcut(event, { encounter }) {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (encounter.phase !== "call" || typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const button = { m: "mute", v: "camera", s: "unveil" }[event.key.toLowerCase()];
  if (button && !byId(button).hidden) byId(button).click();
}
