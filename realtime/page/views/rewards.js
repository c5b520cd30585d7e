/** The wallet: what one has earned, and the code of a reward in a dialog, for who stands at a counter. */

import { codesOf, sorted } from "../rewards-state.js";
import { filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { byId, h, section, show, text } from "./dom.js";
import { livingCode } from "./living-code.js";

export function rewardsView({ rewards }) {
  const t = words.rewards;
  const said = h("p", { class: "calm", role: "status" });
  const [open, over] = [t.open, t.over].map((name) => h("ul", { class: "rewards", "aria-label": name }));
  const work = h("a", { class: "button", href: "#counter", hidden: true }, words.counter.title);
  const place = section("rewards", t.title, said, open, over, h("div", { class: "row" }, h("a", { class: "button", href: "#journey" }, words.journey.title), work));
  const way = h("div", { class: "card signout" }, h("p", {}, t.way), h("a", { class: "button", href: "#rewards" }, t.title));
  byId("own-status").closest(".card").before(way);
  byId("journey").append(h("a", { class: "button", href: "#rewards" }, t.title));
  const shown = codeDialog(rewards);
  let [looked, as] = [false, null];

  return (state, now) => {
    const seen = state.account === "in" && state.place.name === "rewards";
    show(place, seen);
    shown.draw(state, now, seen);
    if (!seen) looked = false;
    if (!seen) return;
    if (!looked) queueMicrotask(() => rewards.look()); // a view never changes the state while it is drawn
    looked = true;
    text(said, told(state));
    show(work, Boolean(state.work?.length));
    const drawn = JSON.stringify([state.rewards, state.settings]);
    if (drawn === as) return;
    as = drawn;
    const [first, others] = sorted(state.rewards ?? []);
    open.replaceChildren(...first.map((reward) => one(reward, state.settings, rewards)));
    over.replaceChildren(...others.map((reward) => one(reward, state.settings)));
  };
}

function told({ rewards: all, handed }) {
  const t = words.rewards;
  if (handed) return filled(t.handed, { title: handed.title });
  return all === null ? t.wait : all.length ? "" : t.none;
}

function one(reward, settings, rewards = null) {
  const { id, title, description } = reward;
  const parts = [h("h2", {}, title), ...(description ? [h("p", {}, description)] : []), h("p", { class: "hint" }, stands(reward, settings))];
  if (!rewards) return h("li", { class: `card ${reward.state === "open" ? "" : "over"}` }, ...parts);
  const button = h("button", { type: "button", class: "primary", "aria-label": filled(words.rewards.show_of, { title }) }, words.rewards.show);
  button.addEventListener("click", () => rewards.showReward(id));
  return h("li", { class: "card" }, ...parts, h("div", { class: "row" }, button));
}

/** What has become of it, or where and until when it is redeemed. */
function stands({ type, state, partner, earned_at, expires_at, redeemed_at }, settings) {
  const t = words.rewards;
  const at = (time) => ({ time: dateAndTime(time, settings) });
  if (state === "redeemed") return filled(t.redeemed, at(redeemed_at));
  if (state === "expired") return filled(t.expired, at(expires_at));
  if (state === "reversed") return t.reversed;
  if (type === "badge") return filled(t.badge, at(earned_at));
  const where = partner ? filled(t.at, { partner: partner.name }) : t.anywhere;
  return [where, ...(expires_at ? [filled(t.until, at(expires_at))] : [])].join(" ");
}

/** The code, as large as there is room, as long as its reward is there to be redeemed. */
function codeDialog(rewards) {
  const t = words.rewards;
  const code = livingCode({ named: t.code, said: t.show_it, waits: t.code_waits });
  const heading = h("h2", { id: "reward-code-title", tabIndex: -1 });
  const form = h("form", { method: "dialog" }, heading, code.element, h("div", { class: "row" }, h("button", { value: "close" }, t.close)));
  const dialog = h("dialog", { id: "reward-code", class: "dialog", "aria-labelledby": heading.id }, form);
  document.body.append(dialog);
  let reward = null;
  dialog.addEventListener("close", () => rewards.hide(reward.id));

  function draw(state, now, seen) {
    const shown = seen && state.rewards?.find(({ id }) => codesOf.reward(id) === state.showing?.path);
    if (!shown) return dialog.close();
    reward = shown;
    text(heading, reward.title);
    code.draw(state, now);
    if (!dialog.open) dialog.showModal();
  }

  return { draw };
}
