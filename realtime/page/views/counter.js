/** The counter of who works for a partner: scan what somebody shows, redeem it, take it back; and what became of the rewards by day. */

import { partnerOf } from "../rewards-state.js";
import { filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { card, clearErrors, errorAbove, h, section, show, submitting, text, valid } from "./dom.js";
import { figuresCard } from "./figures.js";
import { scans } from "./scans.js";
import { visitsCard } from "./visits.js";

/** What stands for a reward, as it is drawn. */
const OURS = /^R\d[\w=-]+$/;

export function counterView({ rewards }) {
  const t = words.counter;
  const none = h("p", { class: "calm", role: "status" });
  const where = h("select", { name: "location_id" });
  const code = h("input", { name: "code", autocomplete: "off", spellcheck: false, required: true, maxLength: 200 });
  const camera = scans((found) => {
    if (!OURS.test(found)) return false;
    code.value = found;
    form.requestSubmit();
    return true;
  });
  const form = h(
    "form", { noValidate: true, "aria-label": t.scan }, errorAbove(), h("label", {}, t.place, where), camera.element,
    h("label", {}, t.code, code), h("div", { class: "row" }, h("button", { class: "primary" }, t.look)),
  );
  const before = outcome(rewards);
  const figures = figuresCard({ rewards });
  const visits = visitsCard({ rewards });
  const shows = h("a", { class: "button" }, words.place_code.title);
  const scanning = card(t.scan, form, shows);
  const place = section("counter", t.title, none, scanning, before.element, visits.element, figures.element);
  let [looked, work] = [false, null];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rewards.clear();
    if (valid(form)) submitting(form, look);
  });
  where.addEventListener("change", () => {
    rewards.clear();
    visits.look(where.value);
  });

  async function look() {
    await rewards.scan(code.value.trim(), where.value);
    code.value = ""; // each is another one
  }

  /** The places where one works; the one that was chosen stays. */
  function fill(partners) {
    const chosen = where.value;
    where.replaceChildren(...partners.flatMap(({ locations }) => locations.map(({ id, name, address }) => h("option", { value: id }, [name, address].filter(Boolean).join(", ")))));
    if (partnerOf(partners, chosen)) where.value = chosen;
  }

  function leave() {
    if (!looked) return;
    looked = false;
    figures.leave();
    visits.leave();
    camera.close();
    clearErrors(form);
    form.reset();
    queueMicrotask(() => rewards.clear()); // what others have shown is not left standing
  }

  return (state) => {
    const seen = state.account === "in" && state.place.name === "counter";
    show(place, seen);
    if (!seen) return leave();
    if (!looked) queueMicrotask(() => rewards.look()); // a view never changes the state while it is drawn
    looked = true;
    if (work !== state.work) fill((work = state.work) ?? []);
    const partner = partnerOf(work, where.value);
    text(none, partner ? "" : work === null ? words.rewards.wait : t.nowhere);
    for (const part of [scanning, visits.element, figures.element]) show(part, partner !== null);
    if (partner === null) return;
    shows.href = `#place-code/${where.value}`;
    before.draw(state);
    visits.draw(where.value, state);
    figures.draw(partner.id, `${partner.id} ${state.counter?.redemption?.id} ${state.counter?.redemption?.reversed_at}`, state.figures);
  };
}

/** What was scanned, and what came of it: a form with one thing to do in it. */
function outcome(rewards) {
  const t = words.counter;
  const [what, about] = [h("p", { class: "figure" }), h("p", {})];
  const told = h("p", { role: "status" });
  const reason = h("input", { name: "reason", required: true, maxLength: 500 });
  const why = h("label", {}, t.reason, reason);
  const act = h("button", { class: "primary" });
  const row = h("div", { class: "row" }, act);
  const form = h("form", { noValidate: true, class: "card", "aria-label": t.shown, hidden: true }, what, about, told, errorAbove(), why, row);
  let [now, as] = [null, null];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (now?.redemption && !valid(form)) return;
    submitting(form, () => (now?.redemption ? rewards.reverse(reason.value.trim()) : rewards.redeem()));
  });

  function draw({ counter, settings }) {
    if (counter === as) return;
    [now, as] = [counter, counter];
    show(form, counter !== null);
    clearErrors(form);
    reason.value = "";
    if (counter === null) return;
    const { scanned, redemption } = counter;
    text(what, filled(t.of, { name: scanned.user.display_name, title: scanned.reward.title }));
    text(about, scanned.reward.description ?? "");
    show(about, Boolean(scanned.reward.description));
    text(told, says(counter, settings));
    const step = !redemption ? (scanned.can_redeem ? t.redeem : null) : redemption.reversed_at ? null : t.reverse;
    show(row, step !== null);
    show(why, step === t.reverse);
    text(act, step ?? "");
    act.classList.toggle("danger", step === t.reverse);
    reason.disabled = step !== t.reverse;
    if (step === t.redeem) act.focus();
  }

  return { element: form, draw };
}

function says({ scanned, redemption }, settings) {
  const t = words.counter;
  if (!redemption) return scanned.can_redeem ? t.can : (t.reasons[scanned.reason] ?? words.trouble);
  if (redemption.reversed_at) return t.reversed;
  return filled(t.redeemed, { time: dateAndTime(redemption.reversible_until, settings) });
}
