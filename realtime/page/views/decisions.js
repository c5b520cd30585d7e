/** After a call: stay in touch? One card for each call that is open to decide, or has just been decided. */

import { secondsLeft } from "../state.js";
import { filled, words } from "../texts.js";
import { asked, left as leftOf } from "../words.js";
import { avatar, byId, h, text } from "./dom.js";

export function decisionsView({ store, meeting }) {
  const cards = new Map();

  return (state, now) => {
    const wanted = new Set(state.decisions.map((decision) => decision.call_id));
    for (const [id, card] of cards) {
      if (wanted.has(id)) continue;
      card.remove();
      cards.delete(id);
    }
    for (const decision of state.decisions) {
      const key = stage(decision);
      let card = cards.get(decision.call_id);
      if (card?.dataset.stage !== key) {
        const fresh = draw(decision, key, { store, meeting });
        if (card) card.replaceWith(fresh);
        else byId("decisions").append(fresh);
        cards.set(decision.call_id, (card = fresh));
      }
      const left = card.querySelector(".left");
      if (left) text(left, leftOf(secondsLeft(state, decision.deadline, now)));
    }
  };
}

function stage({ outcome, vote, you_decide }) {
  if (outcome) return outcome;
  if (!you_decide) return "theirs";
  return vote === null ? "mine" : vote ? "yes" : "no";
}

function draw(decision, key, actions) {
  const { peer } = decision;
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, peer);
  const [title, more] = told(key, peer.display_name, decision);
  const said = h("div", { class: "person" }, h("h2", {}, title), h("p", { class: "calm" }, more));
  const open = ["theirs", "mine", "yes", "no"].includes(key);
  const head = h("header", {}, face, said, ...(open ? [h("span", { class: "left", "aria-label": words.deciding.left })] : []));
  const card = h("article", { class: `card decision ${key}`, "aria-label": title }, head, buttons(decision, key, actions));
  card.dataset.stage = key;
  return card;
}

/** The heading and the sentence of a card. */
function told(key, name, { decider }) {
  const said = words.deciding[key];
  return key === "mine" ? [filled(said, { name }), asked(decider, name)] : [said.title, said.text].map((each) => filled(each, { name }));
}

function buttons(decision, key, { store, meeting }) {
  const { call_id, peer, connection } = decision;
  const row = h("div", { class: "row" });
  if (key === "mine") {
    const yes = h("button", { type: "button", class: "primary" }, words.deciding.say_yes);
    const no = h("button", { type: "button" }, words.deciding.say_no);
    yes.addEventListener("click", () => meeting.decide(call_id, true));
    no.addEventListener("click", () => meeting.decide(call_id, false));
    row.append(yes, no);
  }
  if (key === "connected") {
    const link = h("a", { class: "button primary", href: `#room/${connection.room_id}` }, h("span", { class: "line" }, filled(words.deciding.write, { name: peer.display_name })));
    link.addEventListener("click", () => store.dispatch("page:decision-seen", { call_id }));
    row.append(link);
  }
  if (key === "not_connected") {
    const seen = h("button", { type: "button", class: "quiet" }, words.deciding.seen);
    seen.addEventListener("click", () => store.dispatch("page:decision-seen", { call_id }));
    row.append(seen);
  }
  return row;
}
