/** In the lobby: hearing and seeing oneself before a call, and who sees one's address in it. */

import { lacking } from "../media.js";
import { words } from "../texts.js";
import { byId, h, show, text } from "./dom.js";

export function echoView({ calling, ways }) {
  const t = words.echo;
  const check = h("button", { type: "button" });
  const hint = h("p", { class: "hint" }, t.hint);
  const seen = h("p", { class: "hint" });
  check.addEventListener("click", () => calling.echo());
  byId("join").after(check, hint, seen);

  return ({ account, place, encounter, media, link, settings }) => {
    if (account !== "in" || place.name !== "meet" || encounter.phase !== "lobby") return;
    const { checked } = calling;
    text(check, checked ? t.again : t.first);
    check.classList.toggle("quiet", checked);
    check.disabled = link !== "online" || media.status === "asking" || lacking() !== null;
    show(hint, !checked);
    text(seen, words.route[whoSees(settings, ways)]);
  };
}

function whoSees({ relay_only, relay_missing }, { hides_addresses }) {
  if (relay_only) return relay_missing ? "missing" : "never";
  return hides_addresses ? "hidden" : "seen";
}
