/**
 * What one is about to say in a room: words, an answer to something, other words for something, pictures and files that are chosen, pasted or
 * dropped, or one's voice. What is begun in a room is for that room alone.
 */

import { said, speaker } from "../chat-words.js";
import { failure } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { duration } from "../words.js";
import { byId, h, show, text } from "./dom.js";
import { icon } from "./icons.js";
import { previewed } from "./preview.js";

const MOST = 10;
const SLIPPED_MS = 500; // who taps twice has said nothing yet
const LONGEST_MS = 300_000;
const SOUNDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const MISSED = { NotAllowedError: "refused", NotFoundError: "missing", NotReadableError: "busy" };

/** `room()`: the one that is open; `onSent`: something was said. */
export function composer({ store, chat, room, onSent }) {
  const t = words.messages;
  const [form, message] = [byId("composer"), byId("message")];
  const [about, pictures] = [h("p", { role: "status" }), h("ul", { class: "row" })];
  const never = h("button", { type: "button", class: "quiet", "aria-label": t.never_mind }, "✕");
  const strip = h("div", { class: "strip", hidden: true }, about, pictures, never);
  form.before(strip);
  const files = h("input", { type: "file", multiple: true, hidden: true });
  const camera = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
  const round = (label, sign) => h("button", { type: "button", class: "round", "aria-label": label }, sign);
  const [attach, take, record] = [round(t.attach, "+"), round(t.camera, icon("cam")), round(t.record, icon("mic"))];
  form.prepend(attach, ...(matchMedia("(pointer: coarse)").matches ? [take] : []), files, camera);
  form.querySelector("button:last-of-type").before(...(globalThis.MediaRecorder ? [record] : []));
  for (const one of [take, record]) one.classList.add("extra");
  const drafts = new Map(); // what is written and not sent yet, by room
  let [of, answering, changing, chosen, recording, asking, wrong, drawn] = [null, null, null, [], null, false, "", []];
  const act = (action) => action().catch((error) => store.dispatch("page:notice", failure(error)));

  attach.addEventListener("click", () => files.click());
  take.addEventListener("click", () => camera.click());
  for (const input of [files, camera]) {
    input.addEventListener("change", () => {
      choose([...input.files]);
      input.value = "";
    });
  }
  record.addEventListener("click", () => {
    if (!recording) listen();
    else if (Date.now() - recording.since > SLIPPED_MS) recording.recorder.stop();
  });
  never.addEventListener("click", () => {
    clear();
    message.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  for (const part of [form, strip]) {
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || strip.hidden) return;
      event.stopPropagation(); // what is begun is left, and not the room
      never.click();
    });
  }
  message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  message.addEventListener("input", () => {
    grow();
    shape();
    if (message.value.trim()) chat.typing(room().id, Date.now());
  });
  message.addEventListener("paste", (event) => {
    const written = (event.clipboardData?.getData("text/plain") ?? "").replaceAll("\r\n", "\n"); // as the field has them
    const kept = message.value.length - (message.selectionEnd - message.selectionStart);
    wrong = kept + written.length > message.maxLength ? t.cut_off : ""; // the browser says nothing
    draw(room());
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length || event.clipboardData.types.includes("text/plain")) return; // offices copy words with a picture of them
    event.preventDefault();
    choose(pasted);
  });
  const place = byId("room-open");
  place.dataset.drop = t.drop;
  place.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    place.classList.toggle("dropping", Boolean(room()?.active));
  });
  place.addEventListener("dragleave", ({ relatedTarget }) => place.contains(relatedTarget) || place.classList.remove("dropping"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("dropping");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault(); // the browser would leave the page and open it
    if (room()?.active) choose([...event.dataTransfer.files]);
  });

  function choose(more) {
    if (recording) return;
    if (changing) message.value = "";
    const fit = more.slice(0, MOST - chosen.length);
    if (fit.length < more.length) store.dispatch("page:notice", { text: "too_many_files" });
    changing = null;
    chosen.push(...fit.map((file) => ({ file, preview: file.type.startsWith("image/") ? URL.createObjectURL(file) : null })));
    draw(room());
    message.focus();
  }

  function send() {
    if (recording) return recording.recorder.stop();
    const content = message.value.trim();
    if (changing) {
      const now = changing;
      if (!content && now.type === "text") return;
      const here = of;
      chat.edit(now, content).catch((error) => {
        store.dispatch("page:notice", failure(error));
        if (of === here && !message.value) fillIn(content); // it can be said all the same
      });
    } else if (chosen.length) {
      chosen.forEach(({ file, preview }, at) => chat.send(room().id, at ? "" : content, { file, preview, reply: at ? null : answering }));
    } else if (content) {
      chat.send(room().id, content, { reply: answering });
    } else return;
    chosen = []; // their previews are shown until they are sent
    message.value = "";
    clear();
    onSent();
  }

  async function listen() {
    if (asking) return;
    const [roomId, reply] = [room().id, answering];
    [asking, wrong] = [true, words.camera.voice.asking];
    draw(room());
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (room()?.id !== roomId) return stop(stream); // they have gone on meanwhile
      const recorder = new MediaRecorder(stream, { mimeType: SOUNDS.find((type) => MediaRecorder.isTypeSupported(type)) });
      const heard = [];
      const own = { recorder, since: Date.now(), kept: true };
      recorder.addEventListener("dataavailable", ({ data }) => heard.push(data));
      recorder.addEventListener("stop", () => {
        stop(stream);
        if (own.kept) chat.send(roomId, "", { file: new File(heard, "voice", { type: recorder.mimeType.split(";")[0] }), type: "voice", reply });
        if (recording !== own) return;
        clear();
        record.focus();
        onSent();
      });
      clear();
      recording = own;
      recorder.start();
      draw(room());
      record.focus();
    } catch (error) {
      wrong = words.camera.voice[MISSED[error.name] ?? "failed"];
      draw(room());
    } finally {
      asking = false;
    }
  }

  function stop(stream) {
    for (const track of stream.getTracks()) track.stop();
  }

  /** Nothing is begun any more. */
  function clear() {
    drop();
    draw(room());
  }

  function drop() {
    const own = recording;
    recording = null;
    if (own?.recorder.state === "recording") {
      own.kept = false;
      own.recorder.stop();
    }
    if (changing) message.value = "";
    for (const { preview } of chosen) if (preview) URL.revokeObjectURL(preview);
    [answering, changing, chosen, wrong] = [null, null, [], ""];
    grow();
  }

  /** The room is closed: nobody is listened to any more. Who signs out leaves nothing behind. */
  function leave({ out }) {
    if (of !== null) {
      const written = changing ? "" : message.value;
      drop();
      drafts.set(of, written);
      [of, message.value] = [null, ""];
    }
    if (out) drafts.clear();
  }

  function draw(shown) {
    if (!shown) return;
    if (of !== shown.id) {
      leave({ out: false });
      of = shown.id;
      message.value = drafts.get(of) ?? "";
      grow();
    }
    if (changing && shown.messages.find(({ id }) => id === changing.id)?.deleted_at) {
      const written = message.value; // elsewhere it was deleted meanwhile: what is written now can be said as something new
      clear();
      return fillIn(written);
    }
    if (recording?.recorder.state === "recording" && Date.now() - recording.since > LONGEST_MS) recording.recorder.stop();
    const time = recording && duration((Date.now() - recording.since) / 1000);
    const begun = changing
      ? t.editing
      : chosen.length
        ? counted(t.chosen, chosen.length)
        : answering
          ? filled(t.replying, { name: speaker(shown, answering.sender_id, store.state.me), message: said(answering) })
          : "";
    const tells = recording ? filled(t.recording, { time }) : [wrong, begun].filter(Boolean).join(" · ");
    about.setAttribute("aria-live", recording ? "off" : "polite"); // the seconds are not read out
    text(about, tells);
    show(strip, tells !== "");
    record.setAttribute("aria-label", recording ? t.send_voice : t.record);
    record.classList.toggle("primary", recording !== null);
    const sign = recording ? "#i-send" : "#i-mic";
    const use = record.querySelector("use");
    if (use.getAttribute("href") !== sign) use.setAttribute("href", sign);
    shape();
    if (drawn.length === chosen.length && drawn.every((one, at) => one === chosen[at])) return;
    drawn = [...chosen];
    pictures.replaceChildren(...chosen.map(shownChosen));
  }

  /** What there is room for: a form has other buttons while nothing is written, and one while a voice is recorded. */
  function shape() {
    form.classList.toggle("recording", recording !== null);
    form.classList.toggle("begun", message.value.trim() !== "" || chosen.length > 0 || changing !== null);
  }

  /** One of the files that are to be sent; pressing it leaves it out. */
  function shownChosen(one) {
    const { file, preview } = one;
    const name = h("span", { class: "line" }, file.name);
    const shows = preview ? previewed(preview, name, { alt: "", width: 48, height: 48 }) : name;
    const out = h("button", { type: "button", class: "quiet chosen", "aria-label": filled(t.leave_out, { file: file.name }) }, shows, "✕");
    out.addEventListener("click", () => {
      chosen = chosen.filter((other) => other !== one);
      if (preview) URL.revokeObjectURL(preview);
      draw(room());
      message.focus();
    });
    return h("li", {}, out);
  }

  function fillIn(written) {
    message.value = written;
    grow();
    shape();
  }

  function grow() {
    message.style.height = "auto";
    message.style.height = `${message.scrollHeight}px`;
  }

  return {
    draw,
    leave,
    reply(one) {
      if (changing) clear();
      [changing, answering] = [null, one];
      draw(room());
      message.focus();
    },
    edit(one) {
      clear();
      changing = one;
      message.value = one.content ?? "";
      grow();
      draw(room());
      message.focus();
    },
    remove: (one) => confirm(t.removing) && act(() => chat.remove(one)),
  };
}
