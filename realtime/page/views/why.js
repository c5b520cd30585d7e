/** Under how a call ended: why it went so, in one sentence. */

import { verdictWords } from "../verdict-words.js";
import { byId, h, show, text } from "./dom.js";

/** What the heading says already. */
const TOLD = ["hung_up", "skipped", "declined", "cancelled", "no_answer", "moderated", "max_duration", "ended", "going_on"];

export function whyView() {
  const why = h("p", { class: "hint", role: "status" });
  byId("over-text").after(why);

  return ({ encounter: { phase, verdict } }) => {
    const told = phase === "over" && verdict && !TOLD.includes(verdict.code.replace(/^other_/, ""));
    show(why, Boolean(told));
    text(why, told ? verdictWords(verdict) : "");
  };
}
