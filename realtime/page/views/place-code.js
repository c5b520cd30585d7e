/** The code that a place shows, for a screen that stands there: who scans it checks in. */

import { Awake } from "../awake.js";
import { failure } from "../state.js";
import { words } from "../texts.js";
import { h, section, show, text } from "./dom.js";
import { livingCode } from "./living-code.js";

export function placeCodeView({ store, locations, rewards }) {
  const t = words.place_code;
  const name = h("p", { class: "figure" });
  const code = livingCode({ named: t.code, said: t.said, waits: words.rewards.code_waits });
  const place = section("place-code", t.title, h("div", { class: "card" }, name, code.element));
  const awake = new Awake();
  let opened = null;

  async function open(id) {
    text(name, "");
    rewards.showPlace(id);
    try {
      const found = await locations.one(id);
      if (opened === id) text(name, found.name);
    } catch (error) {
      store.dispatch("page:notice", failure(error));
    }
  }

  return (state, now) => {
    const id = state.account === "in" && state.place.name === "place-code" ? state.place.id : null;
    show(place, id !== null);
    awake.keep(id !== null);
    if (id !== opened) queueMicrotask(() => (id === null ? rewards.hide() : open(id))); // a view never changes the state while it is drawn
    opened = id;
    if (id !== null) code.draw(state, now);
  };
}
