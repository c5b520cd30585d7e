/** One case with all that speaks for and against, and what can be decided. */

import { options, picturesOf } from "../state.js";
import { DECISIONS, count, decided, reason, step, subject, tier } from "../words.js";
import { daysField, noteField } from "./asking.js";
import { claimWords } from "./cases.js";
import { evidencePart } from "./evidence.js";
import { mediaPart, reviewing } from "./media.js";
import { action, byId, drawState, h, joined, person, redraw, section, tag, time, written } from "./parts.js";
import { penaltiesPart, strikesPart, suspicionsPart } from "./standing.js";

const UNTIL_SETTLED =
  "They are out at once, until their birth date is saved on their page: then they come back, or when they are 18.";

export function caseView({ store, desk, asking }) {
  const review = reviewing({ desk, asking });
  const opened = new Set(); // reports whose evidence is open

  async function decide(found, name) {
    const { verb, text } = DECISIONS[name];
    const { suggested } = found;
    const days =
      name === "suspend"
        ? [
            daysField("For how many days? Empty: as the ladder says", {
              value: suggested.action === "suspend" ? suggested.days : "",
            }),
          ]
        : [];
    const who = found.user.display_name || "this person";
    const title = name === "dismiss" ? "Dismiss this case?" : `${verb} ${who}?`;
    const act = (given) => desk.decide(name, given);
    const words = name === "suspend" && suggested.action === name && !suggested.days ? UNTIL_SETTLED : text;
    const done = await asking.ask({ title, words, fields: [...days, noteField()], yes: verb, danger: name === "ban", act });
    if (done) byId("case-title").focus(); // what was decided stands there
  }

  async function undo() {
    const words = "What this decision has caused is lifted, nothing else, and the case waits for another.";
    await asking.ask({ title: "Undo the decision?", words, yes: "Undo", act: () => desk.undo() });
  }

  async function clear({ user }) {
    const words = "The same is not suspected again.";
    const title = `${user.display_name || "This person"} is nobody that was banned?`;
    await asking.ask({ title, words, yes: "Clear", act: () => desk.clear(user.user_id) });
  }

  function evidence(found) {
    for (const { id } of found.reports) opened.add(id);
    for (const details of byId("case-reports").querySelectorAll("details:not(.long)")) details.open = true;
    desk.showPictures();
    byId("case-reports").scrollIntoView({ block: "start" });
  }

  function state(found, me) {
    const { decision, undone_at } = found;
    const said = [];
    if (decision)
      said.push(
        h(
          "p",
          {},
          h("b", {}, decided(decision)),
          " ",
          time(decision.at),
          ", ",
          decision.by === me.id ? "by you" : person(decision.by, "by another moderator"),
          ".",
        ),
      );
    if (decision?.note) said.push(written(decision.note));
    if (undone_at) said.push(h("p", { class: "hint" }, "A decision was undone ", time(undone_at), "."));
    const claimed = claimWords(found, me);
    if (claimed.length) said.push(h("p", { class: "claimed" }, ...claimed));
    return said;
  }

  function buttons(found, me, { busy, pictures }) {
    const can = options(found, me, Date.now());
    const kind = (name) => (found.suggested.action === name && can.decide ? "primary" : "");
    const button = (name) =>
      action(DECISIONS[name].key, DECISIONS[name].verb, () => decide(found, name), { kind: kind(name), disabled: busy });
    const shown = pictures.shown ? "Hide the pictures" : "Show the evidence";
    return h(
      "div",
      { class: "row acts" },
      ...(can.claim ? [action("c", can.mine ? "Claim for longer" : "Claim", () => desk.claim(), { disabled: busy })] : []),
      ...(can.decide ? Object.keys(DECISIONS).map(button) : []),
      ...(can.undo ? [action("u", "Undo", undo, { disabled: busy })] : []),
      action("e", shown, () => evidence(found)),
      action("p", "The person", () => (location.hash = `person/${found.user.user_id}`)),
    );
  }

  function head(found, me, state_) {
    const { user } = found;
    return [
      h("h1", { id: "case-title", tabIndex: -1, class: "clamped", "data-keep": "title" }, user.display_name || "(no name)"),
      h(
        "p",
        { class: "row" },
        tag(reason(found.reason), found.reason),
        found.suspended ? tag("suspended until decided", "warn") : "",
        user.role === "user" ? "" : tag(user.role),
        h(
          "span",
          { class: "hint" },
          ...joined([
            `${count(found.report_count, "report")} by ${count(found.reporters, "person", "people")}`,
            h("span", {}, "opened ", time(found.opened_at)),
          ]),
        ),
      ),
      ...state(found, me),
      ...(found.decision ? [] : [h("p", {}, "The ladder suggests: ", h("b", {}, step(found.suggested)), ".")]),
      buttons(found, me, state_),
    ];
  }

  function report(found, each, pictures, people) {
    const { reporter } = each;
    const proof = found.evidence.find(({ report_id }) => report_id === each.id);
    const details = h(
      "details",
      { open: opened.has(each.id) },
      h("summary", {}, proof && picturesOf(proof).length ? "Evidence, with a picture" : "Evidence"),
    );
    details.append(...(proof ? evidencePart(proof, { pictures, people, reporter: reporter.display_name }) : []));
    details.addEventListener("toggle", () => (details.open ? opened.add(each.id) : opened.delete(each.id)));
    return h(
      "article",
      { class: "card report", tabIndex: 0, "data-row": "", "data-item": each.id, "data-keep": each.id },
      h(
        "p",
        { class: "row" },
        tag(reason(each.reason), each.reason),
        h(
          "span",
          { class: "hint" },
          ...joined([subject(each.subject), time(each.created_at), each.met ? "they have met" : "they have never met"]),
        ),
      ),
      ...(each.note ? [written(each.note)] : []),
      h(
        "p",
        {},
        "By ",
        person(reporter.user_id, reporter.display_name),
        h(
          "span",
          { class: "hint" },
          ` · ${tier(reporter.tier)} · has filed ${reporter.filed}: ${reporter.upheld} upheld, ${reporter.dismissed} dismissed`,
        ),
      ),
      details,
    );
  }

  function reports(found, pictures) {
    const { user, reports: all } = found;
    if (all.length && !all.some(({ id }) => opened.has(id))) opened.add(all[0].id);
    const people = { reported: user.user_id, [user.user_id]: user.display_name };
    for (const { reporter } of all) people[reporter.user_id] = reporter.display_name;
    return section(count(all.length, "report"), ...all.map((each) => report(found, each, pictures, people)));
  }

  return (all) => {
    const { account, me, pictures, busy, things, looks } = all;
    if (account !== "in") return;
    const there = drawState("case-state", things.case);
    const found = things.case.value;
    const part = (name, of, build) => redraw(byId(`case-${name}`), there && of(), () => (there ? build() : []));
    const { reports: said, evidence: proofs, standing, active_penalties, suspicions, media, ...rest } = found ?? {};
    part(
      "head",
      () => [rest, me, busy, pictures.shown, options(found, me, Date.now())],
      () => head(found, me, all),
    );
    part(
      "standing",
      () => [standing, active_penalties],
      () => [
        ...penaltiesPart(active_penalties),
        ...strikesPart(standing.strikes),
        h("p", { class: "hint" }, `Others know them as: ${tier(standing.tier)}.`),
      ],
    );
    part(
      "suspicions",
      () => suspicions,
      () => suspicionsPart(suspicions, () => clear(found)),
    );
    part(
      "reports",
      () => [said, proofs, pictures],
      () => reports(found, pictures),
    );
    part(
      "media",
      () => [media, looks, busy],
      () => mediaPart(media, { review, looks, busy, named: false }),
    );
  };
}
