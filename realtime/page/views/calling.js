/** In the head of a chat: calling whom it is with, and asking them for video calls, or answering. */

import { videoWith } from "../calling-state.js";
import { filled, words } from "../texts.js";
import { byId, h, show, text } from "./dom.js";
import { icon } from "./icons.js";

const FREE = ["lobby", "over"];

export function callingView({ store, calling }) {
  const t = words.calling;
  const room = () => store.state.rooms[store.state.place.id];
  const voice = h("button", { type: "button", class: "round" }, icon("phone"));
  const video = h("button", { type: "button", class: "round" }, icon("cam"));
  const [said, row] = [h("p", { role: "status" }), h("div", { class: "row" })];
  const bar = h("div", { class: "asked", hidden: true }, said, row);
  byId("room-more").before(voice, video);
  byId("room-more").closest("header").after(bar);
  let [looked, wants] = [null, null]; // of which room; in which room they want video, and may not yet

  voice.addEventListener("click", () => calling.call(room(), "voice"));
  video.addEventListener("click", () => {
    const { id, connection_id } = room();
    if (videoWith(store.state, connection_id) === "enabled") return calling.call(room(), "video");
    wants = id;
    draw(store.state);
    bar.querySelector("button")?.focus();
  });

  const ACTS = {
    none: [[t.ask, "primary", () => calling.askForVideo(room().connection_id)], [t.never_mind, "quiet", () => {}]],
    mine: [],
    theirs: [[t.allow, "primary", () => answer(true)], [t.refuse, "", () => answer(false)]],
    enabled: [],
  };
  const SAYS = { none: t.wanted, mine: t.mine, theirs: t.theirs };

  function answer(yes) {
    return calling.answerVideo(store.state.videoCalls[room().connection_id].request, yes);
  }

  function draw(state) {
    const { id, peer, connection_id, active } = room();
    const is = videoWith(state, connection_id);
    const open = Boolean(active && connection_id);
    const busy = !FREE.includes(state.encounter.phase) || state.link !== "online";
    for (const [button, does] of [[voice, t.voice], [video, t.video]]) {
      show(button, open);
      button.disabled = busy;
      if (open) button.setAttribute("aria-label", filled(does, { name: peer.display_name }));
    }
    if (wants !== null && (wants !== id || is !== "none")) wants = null;
    const shown = open && (["mine", "theirs"].includes(is) || wants === id);
    show(bar, shown);
    text(said, shown ? filled(SAYS[is], { name: peer.display_name }) : "");
    if (row.dataset.of !== is) offer(is);
  }

  function offer(is) {
    const within = row.contains(document.activeElement);
    row.dataset.of = is;
    row.replaceChildren(
      ...ACTS[is].map(([does, name, act]) => {
        const button = h("button", { type: "button", class: name }, does);
        button.addEventListener("click", () => {
          wants = null;
          act();
          draw(store.state);
          if (!bar.checkVisibility()) video.focus(); // what was pressed is gone
        });
        return button;
      }),
    );
    if (within) video.focus();
  }

  return (state) => {
    const here = state.account === "in" && state.place.name === "room" ? state.rooms[state.place.id] : null;
    if (!here) {
      looked = null;
      return;
    }
    const about = `${here.id} ${here.connection_id}`;
    if (looked !== about) {
      looked = about;
      queueMicrotask(() => calling.look()); // a view never changes the state while it is drawn
    }
    draw(state);
  };
}
