/** Before and after a call: the preview, the lobby, the wait, how it ended. */

import { coolsDown, secondsUntil, serverTime } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { camera, duration, ending, listed, roughly } from "../words.js";
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
    show(byId("next"), state.encounter.origin !== "direct");
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
  const trouble = lacking() ? camera({ status: "unsupported", mode }) : camera({ status, mode });
  const sound = audio ? words.meet.heard : words.meet.muted;
  text(byId("preview-text"), voice ? `${sound} ${words.meet.no_camera}` : ready ? words.meet.camera_off : trouble);
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
  if (status !== "off") return words.meet.again;
  return mode === "video" ? words.meet.turn_on_camera : words.meet.turn_on_microphone;
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
  text(byId("cool-down-text"), cools ? words.meet.cool_down : "");
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
  text(byId("waiting-title"), alone ? words.meet.alone : words.meet.waiting);
  text(byId("waiting-text"), waitingWords(alone, relaxed));
  text(byId("waiting-time"), duration((serverTime(state, now) - Date.parse(ticket.joined_at)) / 1000));
  text(byId("waiting-count"), count === null ? "…" : alone ? words.meet.only_you : counted(words.meet.people, count));
  text(byId("waiting-estimate"), alone ? words.waits.unknown : roughly(estimated_wait_ms));
}

function waitingWords(alone, relaxed) {
  if (alone) return words.meet.keep_looking;
  if (relaxed.length) return filled(words.meet.beyond, { wishes: listed(relaxed.map((wish) => words.meet.wishes[wish] ?? wish)) });
  return words.meet.will_see;
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
  const talked = encounter.duration_s > 0 ? filled(words.meet.talked, { time: duration(encounter.duration_s) }) : "";
  const skipped = ["media_failed", "connection_lost"].includes(encounter.reason) && !encounter.verdict ? words.meet.networks : "";
  const on = open || encounter.origin === "direct" ? "" : words.meet.on;
  text(byId("over-text"), [talked, skipped, on].filter(Boolean).join(" "));
}

function elsewhere({ encounter }) {
  const said = words.meet[`${encounter.free ? "free" : "has"}${encounter.peer ? "_with" : ""}`];
  text(byId("elsewhere-text"), filled(said, { peer: encounter.peer?.display_name }));
  show(byId("take-over"), encounter.free);
}
