/** Which camera, microphone and speaker; whether it rings; hearing and seeing oneself. A dialog, before a call and in it. */

import { filled, words } from "../texts.js";
import { byId, h, show, text } from "./dom.js";
import { icon } from "./icons.js";

const SPEAKS = "setSinkId" in HTMLMediaElement.prototype;
const KINDS = ["audio", "video", ...(SPEAKS ? ["speaker"] : [])];
const FREE = ["lobby", "over"];

export function devicesView({ store, meeting, media, devices, bell, calling, connection }) {
  const t = words.devices;
  const names = { audio: t.microphone, video: t.camera, speaker: t.speaker };
  const lists = Object.fromEntries(KINDS.map((kind) => [kind, h("select", { name: kind })]));
  const labels = Object.fromEntries(KINDS.map((kind) => [kind, h("label", {}, names[kind], lists[kind])]));
  const level = h("meter", { min: 0, max: 1, "aria-label": t.level });
  const closed = h("p", { class: "hint" }, t.closed);
  const rings = h("input", { type: "checkbox", name: "rings" });
  const [ring, echo] = [h("button", { type: "button", class: "quiet" }, t.hear), h("button", { type: "button" }, words.echo.again)];
  const said = h("p", { class: "wrong", role: "status" });
  const form = h(
    "form", { method: "dialog" },
    connection.element,
    h("h2", { id: "devices-title", tabIndex: -1 }, t.title),
    closed, labels.audio, level, labels.video, ...(SPEAKS ? [labels.speaker] : []), said,
    h("div", { class: "rings" }, h("label", { class: "check" }, rings, t.rings), ring),
    echo,
    h("p", { class: "hint" }, t.kept),
    h("div", { class: "row" }, h("button", { class: "primary", value: "close" }, t.done)),
  );
  const dialog = h("dialog", { id: "devices", class: "dialog", "aria-labelledby": "devices-title" }, form);
  document.body.append(dialog);
  const before = opener(t.title);
  byId("preview-tools").append(before);
  const kept = h("div", { class: "card signout" }, h("p", {}, t.kept), opener(t.title, { plain: true }));
  byId("settings").after(kept);
  for (const button of [before, kept.querySelector("button")]) button.addEventListener("click", open);
  connection.opener.addEventListener("click", open);
  speak(byId("remote"), devices.choice);
  navigator.mediaDevices?.addEventListener("devicechange", () => dialog.open && fill());
  for (const [kind, list] of Object.entries(lists)) list.addEventListener("change", () => choose(kind, list.value || null));
  rings.addEventListener("change", () => devices.choose({ rings: rings.checked }));
  ring.addEventListener("click", () => bell.strike("ring", { wanted: true }));
  echo.addEventListener("click", () => {
    dialog.close();
    location.hash = "meet";
    calling.echo();
  });
  let [heard, opened] = [null, null];
  dialog.addEventListener("close", () => {
    heard = heard?.close();
    opened = null;
  });

  function open() {
    text(said, "");
    rings.checked = devices.choice.rings;
    fill();
    draw(store.state);
    dialog.showModal();
  }

  /** What there is to choose from; the choice may not be plugged in. */
  async function fill() {
    const there = await devices.there();
    for (const kind of KINDS) {
      const options = there[kind].map(({ deviceId, label }, at) => h("option", { value: deviceId }, label || filled(t.unnamed, { at: at + 1 })));
      const usual = options.some(({ value }) => value === "default") ? [] : [h("option", { value: "" }, t.usual)];
      lists[kind].replaceChildren(...usual, ...options);
      lists[kind].value = devices.choice[kind] ?? "";
      if (lists[kind].selectedIndex < 0) lists[kind].selectedIndex = 0;
      lists[kind].disabled = options.length === 0;
    }
    show(closed, there.audio.length + there.video.length === 0);
  }

  async function choose(kind, id) {
    text(said, "");
    const before = devices.choice;
    const undo = () => {
      devices.choose(before);
      text(said, words.happenings.not_switched);
      fill();
    };
    devices.choose({ [kind]: id });
    if (kind === "speaker") await byId("remote").setSinkId(id ?? "").catch(undo);
    else await meeting.changeDevice(kind, undo);
  }

  function draw(state) {
    const { phase, mode } = state.encounter;
    const calls = phase === "call";
    show(connection.element, calls);
    show(labels.video, (calls ? mode : state.media.mode) === "video");
    show(echo, FREE.includes(phase) && state.link === "online");
  }

  /** How loud the microphone is; one that is closed is not opened for that. */
  function listen() {
    const [track] = media.stream?.getAudioTracks() ?? [];
    show(level, Boolean(track));
    if (track !== opened) {
      heard?.close();
      heard = track ? loudness(track) : null;
      opened = track;
    }
    level.value = heard?.now() ?? 0;
  }

  return (state, now) => {
    if (state.account !== "in") dialog.close();
    connection.draw(state, now);
    if (!dialog.open) return;
    draw(state);
    listen();
  };
}

function opener(title, { plain = false } = {}) {
  return plain ? h("button", { type: "button" }, title) : h("button", { type: "button", class: "round", "aria-label": title }, icon("gear"));
}

/** Sound comes out of what was chosen, if that is there. */
function speak(video, { speaker }) {
  if (SPEAKS && speaker) video.setSinkId(speaker).catch(() => {});
}

/** `now()`: from 0 to 1. */
function loudness(track) {
  const audio = new AudioContext();
  const [analyser, samples] = [audio.createAnalyser(), new Float32Array(512)];
  analyser.fftSize = samples.length;
  audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  return {
    now() {
      analyser.getFloatTimeDomainData(samples);
      const mean = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      return Math.min(1, mean * 4);
    },
    close: () => void audio.close(),
  };
}
