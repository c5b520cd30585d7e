/** In a call: how good its connection is, by which way it goes and what changes that, more time, another camera, a small window. */

import { otherCamera } from "../devices.js";
import { endsSoon, longer } from "../encounter-state.js";
import { bars } from "../quality.js";
import { secondsLeft } from "../state.js";
import { filled, words } from "../texts.js";
import { duration, percent, short, whom } from "../words.js";
import { byId, h, show, text } from "./dom.js";
import { icon, signal } from "./icons.js";

/** By the number of bars. */
const LEVELS = ["unknown", "bad", "weak", "fair", "good"];
const LOST = 0.02;
const PHONE = "(pointer: coarse)";

/** Gives `{element, opener, draw}`: a part of the dialog of devices, and what opens that in a call. */
export function connectionView({ store, meeting, media, devices, calling, floating }) {
  const t = words.route;
  const opener = h("button", { type: "button", class: "round plate strength" }, signal());
  byId("call-state").closest(".call-state").after(opener);
  const flag = h("li", { id: "weak", class: "plate", hidden: true }, signal(), h("span"));
  document.querySelector(".flags").append(flag);
  const asks = h("div", { class: "asks" });
  byId("call-decides").after(asks);
  const asked = { extend: ask(() => calling.extend()), direct: ask(() => calling.goDirect(true), () => (later = store.state.encounter.call_id)) };
  asks.append(asked.extend.element, asked.direct.element);
  const turn = h("button", { type: "button", class: "round turn", "aria-label": words.devices.turn, hidden: true }, icon("turn"));
  byId("self").append(turn);
  turn.addEventListener("click", switchCamera);

  const [strength, figures, way, hint] = ["p", "p", "p", "p"].map((tag) => h(tag));
  hint.className = "hint";
  const [go, float] = [h("button", { type: "button" }), h("button", { type: "button" })];
  const element = h("section", { class: "connection", hidden: true }, h("h2", {}, words.quality.title), strength, figures, way, hint, go, float);
  go.addEventListener("click", () => calling.goDirect(!(store.state.encounter.direct?.you ?? false)));
  float.addEventListener("click", () => floating.toggle());
  let later = null; // the call in which they do not want to be asked again
  let cameras = [];
  const count = async () => (cameras = (await devices.there()).video);
  navigator.mediaDevices?.addEventListener("devicechange", count);
  let of = null;

  async function switchCamera() {
    const current = media.stream?.getVideoTracks()[0]?.getSettings().deviceId;
    const before = devices.choice;
    devices.choose(otherCamera({ choice: before, cameras, current, phone: matchMedia(PHONE).matches }));
    turn.disabled = true;
    await meeting.changeDevice("video", () => devices.choose(before));
    turn.disabled = false;
  }

  function drawQuality({ quality, peer }) {
    const known = quality ? bars(quality) : 0;
    const said = words.quality[LEVELS[known]];
    for (const one of [opener, flag]) one.firstChild.dataset.bars = known;
    opener.setAttribute("aria-label", filled(words.quality.open, { quality: said }));
    const { rtt_ms, loss = 0, missed = 0 } = quality ?? {};
    const name = whom({ peer });
    text(strength, filled(words.quality.said, { quality: said }));
    const lost = [loss >= LOST && filled(words.quality.loss, { percent: percent(loss) }), missed >= LOST && filled(words.quality.missed, { percent: percent(missed), name })];
    const there = rtt_ms !== undefined && filled(words.quality.rtt, { ms: rtt_ms });
    text(figures, [there, ...(lost.some(Boolean) ? lost : [quality && words.quality.whole])].filter(Boolean).join(" "));
    const worst = loss >= missed ? [words.quality.loss_short, loss] : [words.quality.missed_short, missed];
    show(flag, known > 0 && known < 3 && worst[1] >= LOST);
    text(flag.lastChild, filled(worst[0], { percent: percent(worst[1]) }));
  }

  function drawWay({ peer, ice_transport_policy, may_go_direct = false, direct, state }) {
    const name = short(whom({ peer }));
    const relayed = ice_transport_policy === "relay";
    const agreed = direct?.you === true;
    text(way, filled(!peer ? t.server : relayed ? t.relay : t.direct, { name }));
    text(hint, may_go_direct && relayed ? filled(agreed ? t.waiting : t.hint, { name }) : "");
    show(go, may_go_direct && state === "live" && (relayed || agreed));
    text(go, !relayed ? t.back : agreed ? t.take_back : t.go);
    const wanted = may_go_direct && relayed && !agreed && direct?.peer === true;
    asked.direct.draw(wanted && later !== store.state.encounter.call_id ? { said: filled(t.asked, { name }), yes: t.agree, no: t.later } : null);
  }

  function drawTime(state, now) {
    const { encounter } = state;
    const left = secondsLeft(state, encounter.deadline, now);
    if (!endsSoon(encounter, left)) return asked.extend.draw(null);
    const e = words.extend;
    const who = { nobody: [e.soon, e.more], you: [e.waiting], peer: [e.asked, e.too] }[longer(encounter)] ?? [e.soon];
    asked.extend.draw({ said: filled(who[0], { name: short(whom(encounter)) }), yes: who[1], time: duration(left) });
  }

  return {
    element,
    opener,
    draw(state, now) {
      const { encounter } = state;
      if (encounter.phase !== "call") return void (of = null);
      if (of !== encounter.call_id) count((of = encounter.call_id));
      drawQuality(encounter);
      drawWay(encounter);
      drawTime(state, now);
      byId("self").classList.toggle("away", media.stream?.getVideoTracks()[0]?.getSettings().facingMode === "environment");
      show(turn, encounter.mode === "video" && state.media.video && cameras.length > 1);
      show(float, floating.possible);
      text(float, floating.is ? words.devices.unfloat : words.devices.float);
    },
  };
}

/** A question above the picture. `draw({said, time?, yes?, no?})`, or null for none. The time runs: it is not read out. */
function ask(agree, refuse = () => {}) {
  const said = h("p", { role: "status" });
  const [clock, yes, no] = [h("time"), h("button", { type: "button", class: "primary" }), h("button", { type: "button" })];
  const element = h("div", { class: "plate ask", hidden: true }, said, clock, yes, no);
  yes.addEventListener("click", agree);
  no.addEventListener("click", refuse);
  const draw = (what) => {
    const within = element.contains(document.activeElement);
    show(element, what !== null);
    text(said, what?.said ?? "");
    for (const [part, label] of [[clock, what?.time], [yes, what?.yes], [no, what?.no]]) {
      show(part, Boolean(label));
      text(part, label ?? "");
    }
    if (within && !document.activeElement.checkVisibility()) byId("call-name").focus(); // what was pressed is gone
  };
  return { element, draw };
}
