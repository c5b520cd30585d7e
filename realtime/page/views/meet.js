/** Before and after a call: the preview, the lobby, the wait, how it ended. */

import { coolsDown, secondsUntil, serverTime } from "../state.js";
import { COOL_DOWN, camera, duration, ending, roughly } from "../words.js";
import { lacking } from "../media.js";
import { avatar, byId, play, press, show, text } from "./dom.js";

const PANELS = ["lobby", "waiting", "over", "elsewhere"];

export function meetView({ store, meeting, media }) {
  byId("preview-open").addEventListener("click", () => meeting.open());
  byId("preview-voice").addEventListener("click", () => meeting.open("voice"));
  byId("preview-mic").addEventListener("click", () => meeting.toggle("audio"));
  byId("preview-cam").addEventListener("click", () => meeting.toggle("video"));
  byId("join").addEventListener("click", () => meeting.join());
  byId("next").addEventListener("click", () => meeting.join());
  byId("leave").addEventListener("click", () => meeting.leave());
  byId("enough").addEventListener("click", () => store.dispatch("page:lobby"));
  byId("take-over").addEventListener("click", () => meeting.takeOver());
  for (const radio of document.getElementsByName("mode")) {
    radio.addEventListener("change", () => meeting.choose(radio.value));
  }
  let shown = null;
  let covered = false; // by a call: where the keyboard was is gone when it ends

  return (state, now) => {
    const seen = state.account === "in" && state.place.name === "meet";
    show(byId("meet"), seen);
    if (!seen) return;
    const { phase } = state.encounter;
    const panel = PANELS.includes(phase) ? phase : "waiting";
    for (const id of PANELS) show(byId(id), id === panel);
    show(byId("over-next"), panel === "over");
    mirror(state, media);
    coolDown(state, now);
    if (panel === "lobby") lobby(state, now);
    if (panel === "waiting") waiting(state, now);
    if (panel === "over") over(state);
    if (panel === "elsewhere") elsewhere(state);
    if (byId("main").inert) return (covered = true);
    const moved = shown !== null && (covered || shown !== panel);
    if (moved && !document.querySelector("dialog[open]")) byId(`${panel}-title`).focus();
    [shown, covered] = [panel, false];
  };
}

function mirror({ media: { mode, status, audio, video }, me }, media) {
  const ready = status === "ready";
  const live = ready && mode === "video" && video;
  const voice = ready && mode === "voice";
  tools({ ready, mode, audio, video });
  play(byId("preview"), live ? media.stream : null);
  show(byId("preview"), live);
  show(byId("preview-blank"), !live);
  avatar(byId("preview-avatar"), me);
  const words = lacking() ? camera({ status: "unsupported", mode }) : camera({ status, mode });
  const sound = audio ? "Your microphone is on." : "You are muted.";
  text(byId("preview-text"), voice ? `${sound} No camera in a voice call.` : ready ? "Your camera is off." : words);
  show(byId("preview-open"), !ready && !["asking", "unsupported"].includes(status) && !lacking());
  text(byId("preview-open"), buttonWords(status, mode));
  show(byId("preview-voice"), mode === "video" && ["refused", "missing", "busy", "failed"].includes(status));
}

function tools({ ready, mode, audio, video }) {
  show(byId("preview-tools"), ready);
  show(byId("preview-cam"), mode === "video");
  press(byId("preview-mic"), audio, audio ? "mic" : "mic-off");
  press(byId("preview-cam"), video, video ? "cam" : "cam-off");
}

function buttonWords(status, mode) {
  if (status !== "off") return "Try again";
  return mode === "video" ? "Turn on camera" : "Turn on microphone";
}

function lobby(state, now) {
  const { media, link } = state;
  for (const radio of document.getElementsByName("mode")) radio.checked = radio.value === media.mode;
  byId("join").disabled = link !== "online" || media.status === "asking" || lacking() !== null || coolsDown(state, now);
}

/** Screen readers read the words once; the time beside them runs. */
function coolDown(state, now) {
  const cools = coolsDown(state, now) && ["lobby", "over"].includes(state.encounter.phase);
  show(byId("cool-down"), cools);
  text(byId("cool-down-text"), cools ? COOL_DOWN : "");
  text(byId("cool-down-left"), cools ? `${duration(secondsUntil(state.coolDown.until, now))}.` : "");
  byId("next").disabled = cools;
}

function waiting(state, now) {
  const { ticket, waiting: count, estimated_wait_ms, relaxed, after } = state.encounter;
  if (!ticket) return;
  const alone = count !== null && count <= 1;
  show(byId("waiting-after"), after !== null);
  text(byId("waiting-why"), after ? `${ending(after)}.` : "");
  show(byId("waiting-report"), reportable(after));
  text(byId("waiting-title"), alone ? "Nobody else is here yet" : "Looking for someone");
  text(byId("waiting-text"), waitingWords(alone, relaxed));
  text(byId("waiting-time"), duration((serverTime(state, now) - Date.parse(ticket.joined_at)) / 1000));
  text(byId("waiting-count"), count === null ? "…" : alone ? "only you" : `${count} people`);
  text(byId("waiting-estimate"), alone ? "hard to say" : roughly(estimated_wait_ms));
}

function waitingWords(alone, relaxed) {
  if (alone) return "We keep looking, and connect you as soon as somebody comes.";
  if (relaxed.length) return `We now look beyond your wishes for ${relaxed.join(" and ")}.`;
  return "You will see who it is before you talk.";
}

/** For a day, a person whom the user has talked to, or whose card they have seen, can be reported. */
function reportable(after) {
  return after?.peer != null && !after.reported;
}

function over({ encounter, decisions }) {
  show(byId("over-report"), reportable(encounter));
  show(byId("over-danger"), encounter.reason === "reported");
  text(byId("over-title"), ending(encounter));
  const open = decisions.some((decision) => decision.call_id === encounter.call_id);
  const talked = encounter.duration_s > 0 ? `You talked for ${duration(encounter.duration_s)}.` : "";
  const skipped = ["media_failed", "connection_lost"].includes(encounter.reason) ? "Networks do that now and then." : "";
  text(byId("over-text"), [talked, skipped, open ? "" : "On to the next one?"].filter(Boolean).join(" "));
}

function elsewhere({ encounter }) {
  const who = encounter.peer ? ` with ${encounter.peer.display_name}` : "";
  const free = "The tab or device of yours that had the call";
  text(byId("elsewhere-text"), encounter.free ? `${free}${who} is gone.` : `Another tab or device of yours has the call${who}.`);
  show(byId("take-over"), encounter.free);
}
