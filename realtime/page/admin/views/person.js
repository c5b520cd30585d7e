/** One person: account, standing, sessions, reports; what users cannot change themselves is corrected here. */

import { submitting, valid } from "../../views/dom.js";
import { count } from "../words.js";
import { daysField } from "./asking.js";
import { banItem, lifting } from "./bans.js";
import { mediaPart, reviewing } from "./media.js";
import { action, byId, drawState, facts, h, joined, redraw, section, show, tag, text, time } from "./parts.js";
import { strikesPart, suspicionsPart } from "./standing.js";

const ID = "\\s*[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\s*";

/** What a ban takes; `user_id` is asked for where it is not known. */
export function banFields({ asked = false } = {}) {
  const who = h(
    "label",
    {},
    "Id of the user",
    h("input", { name: "user_id", required: true, pattern: ID, title: "The id of a person, as People shows it", autocapitalize: "none", spellcheck: false }),
  );
  const why = h(
    "label",
    {},
    "Reason, which they are told",
    h("textarea", { name: "reason", rows: 2, maxLength: 2000, required: true }),
  );
  return [...(asked ? [who] : []), why, daysField("For how many days? Empty: for good")];
}

export function personView({ store, desk, asking }) {
  const review = reviewing({ desk, asking });
  const form = byId("correct");
  const person = () => store.state.things.person.value;

  async function ban() {
    const { id, display_name } = person();
    await asking.ask({
      title: `Ban ${display_name}?`,
      words: "They are out at once, and can appeal.",
      fields: banFields(),
      yes: "Ban",
      danger: true,
      act: (given) => desk.ban({ ...given, user_id: id }),
    });
  }

  async function clear() {
    const { id, display_name } = person();
    await asking.ask({
      title: `${display_name} is nobody that was banned?`,
      words: "The same is not suspected again.",
      yes: "Clear",
      act: () => desk.clear(id),
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!valid(form)) return;
    const said = Object.fromEntries(new FormData(form));
    const changes = Object.fromEntries(Object.entries(said).filter(([name, value]) => value !== person()[name]));
    if (Object.keys(changes).length) submitting(form, () => desk.correct(person().id, changes));
  });

  function head({ id, display_name, role, status, deleted_at, email, username, created_at, standing }, me) {
    const ends = standing.restricted_until;
    return [
      h("h1", { id: "person-title", tabIndex: -1, class: "clamped", "data-keep": "title" }, display_name || "(no name)"),
      h("p", { class: "row" }, tag(role), tag(status, status === "active" ? "" : "warn"), deleted_at ? tag("deleted") : ""),
      facts({
        Id: h("code", {}, id),
        Email: email,
        Username: username,
        Since: time(created_at),
        Restricted: status === "suspended" ? (ends ? ["until ", time(ends)] : "for good") : null,
      }),
      h(
        "div",
        { class: "row acts" },
        ...(id === me.id ? [] : [action("b", "Ban", ban)]),
        ...(me.role === "admin" ? [h("a", { class: "button", href: `#audit/${id}` }, "Audit")] : []),
      ),
    ];
  }

  const casesOf = ({ count: number, people, ids }, words) => [
    h(
      "p",
      {},
      `${count(number, "report")} ${words} ${count(people, "person", "people")}. `,
      ...joined(ids.map((id, i) => h("a", { href: `#case/${id}` }, `Case ${i + 1}`))),
    ),
  ];

  const session = ({ user_agent, device_id, created_at, last_used_at }) =>
    h(
      "li",
      {},
      h("span", { class: "clamped" }, user_agent ?? "(no name)"),
      h(
        "span",
        { class: "hint clamped" },
        ...joined([device_id, h("span", {}, "since ", time(created_at)), h("span", {}, "last used ", time(last_used_at))]),
      ),
    );

  function more({ bans, sessions, reports_by, reports_about }) {
    return [
      ...section(
        "Bans",
        ...(bans.length
          ? [h("ul", { class: "rows" }, ...bans.map((each) => banItem(each, { lift: lifting({ desk, asking }), named: false })))]
          : []),
      ),
      ...section("Reports", ...casesOf(reports_about, "about them, by"), ...casesOf(reports_by, "by them, about")),
      ...section(
        "Sessions",
        sessions.length ? h("ul", { class: "plain" }, ...sessions.map(session)) : h("p", { class: "calm" }, "None that goes on."),
      ),
    ];
  }

  return ({ account, me, things, from, looks, busy }) => {
    if (account !== "in") return;
    const back = byId("person").querySelector(".back");
    back.hash = from ? [from.name, from.id].filter(Boolean).join("/") : "people";
    text(back, { case: "← The case", media: "← Pictures" }[from?.name] ?? "← People");
    const there = drawState("person-state", things.person);
    const { value } = things.person;
    show(form, there && value.id !== me.id);
    const part = (name, of, build) => redraw(byId(`person-${name}`), there && of(), () => (there ? build() : []));
    const { suspicions, standing, bans, sessions, reports_by, reports_about, media, ...rest } = value ?? {};
    part(
      "head",
      () => [rest, standing, me],
      () => head(value, me),
    );
    part(
      "standing",
      () => standing,
      () => strikesPart(standing.strikes),
    );
    part(
      "suspicions",
      () => suspicions,
      () => suspicionsPart(suspicions, clear),
    );
    part(
      "media",
      () => [media, looks, busy],
      () => mediaPart(media, { review, looks, busy, named: false }),
    );
    part(
      "more",
      () => [bans, sessions, reports_by, reports_about],
      () => more(value),
    );
    fill(there ? value : null, me);
  };

  /** The form has what is on record, until a moderator writes into it. */
  function fill(value, me) {
    const key = value && JSON.stringify([value.id, value.birth_date, value.gender, value.role]);
    if (!value || form.dataset.of === key) return;
    form.dataset.of = key;
    for (const name of ["birth_date", "gender", "role"]) form.elements[name].value = value[name];
    show(byId("role"), me.role === "admin");
    form.elements.role.disabled = me.role !== "admin";
  }
}
