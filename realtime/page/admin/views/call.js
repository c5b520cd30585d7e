/** A call, for admins: how it went as a drawing, note by note, and why it ended as it did. */

import { details, drawing, told } from "../timeline.js";
import { byId, drawState, facts, h, person, redraw, section, show, tag, time } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, LANE, SIDE] = [1000, 30, 8];

function shape(name, attributes, words) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (words) element.append(Object.assign(document.createElementNS(SVG, "title"), { textContent: words }));
  return element;
}

/** Three lanes: one side, the call, the other side. All of it is in the list below too. */
function picture(value) {
  const { states, marks } = drawing(value);
  const x = (part) => SIDE + part * (WIDTH - 2 * SIDE);
  const svg = shape("svg", { class: "flight", viewBox: `0 0 ${WIDTH} ${3 * LANE}`, "aria-hidden": "true" });
  for (const { state, from, to } of states) {
    const [begin, width] = [x(from), Math.max(2, x(to) - x(from))];
    svg.append(shape("rect", { class: state, x: begin, y: LANE, width, height: LANE, rx: 4 }, state));
  }
  for (const { at, kind, lane, bad } of marks) {
    svg.append(shape("circle", { class: bad ? "bad" : "mark", cx: x(at), cy: lane * LANE + LANE / 2, r: 6 }, kind));
  }
  return svg;
}

export function callView({ store }) {
  const form = byId("find-call");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `call/${new FormData(form).get("call").trim()}`;
  });

  const side = (users, id) => {
    const number = users.indexOf(id);
    return number < 0 ? "the call" : number === 0 ? "first" : "second";
  };

  function head({ call, verdict }) {
    const { users, ended_at, reason, mode, origin, duration_s, outcome } = call;
    const whose = verdict.user_id ? ` (the ${side(users, verdict.user_id)} side)` : "";
    return [
      h("p", { class: "verdict" }, h("strong", {}, verdict.text), whose),
      h("p", { class: "row" }, tag(verdict.code), tag(mode), tag(origin), reason ? tag(reason.replaceAll("_", " ")) : "", outcome ? tag(outcome.replaceAll("_", " ")) : ""),
      facts({
        Id: h("code", {}, call.call_id),
        First: users[0] && person(users[0], `…${users[0].slice(-12)}`),
        Second: users[1] && person(users[1], `…${users[1].slice(-12)}`),
        Offered: time(call.offered_at),
        Ended: ended_at && time(ended_at),
        Talk: duration_s === null ? null : `${duration_s} s`,
      }),
    ];
  }

  const row = (users) => (event, number) =>
    h(
      "li",
      { class: event.bad ? "bad" : "", "data-number": number },
      h("code", {}, event.after),
      h("b", {}, event.kind.replaceAll("_", " ")),
      h("span", {}, side(users, event.user_id)),
      h("span", { class: "hint" }, details(event.data)),
    );

  return ({ account, things, place }) => {
    if (account !== "in") return;
    const asked = place.name === "call" && place.id !== null;
    show(byId("call-state"), asked);
    const there = asked && drawState("call-state", things.call);
    const { value } = things.call;
    redraw(byId("call-head"), there && value, () => (there ? head(value) : []));
    redraw(byId("call-notes"), there && value, () =>
      there
        ? section("What happened", picture(value), h("ol", { class: "notes" }, ...told(value).map(row(value.call.users))))
        : [],
    );
  };
}
