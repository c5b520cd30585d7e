/** What was so when a report was made: the card, the call, what was reported, the last messages, and the picture. */

import { countryName, duration, languageName } from "../../words.js";
import { facts, h, joined, time } from "./parts.js";

const MODES = { video: "video call", voice: "voice call" };

function card({ display_name, birth_date, gender, city, country, languages, bio }) {
  const place = [city, country && countryName(country)].filter(Boolean).join(", ");
  return facts({
    Name: display_name,
    Born: birth_date,
    Gender: gender,
    Place: place,
    Speaks: languages?.map(languageName).join(", "),
    About: bio,
  });
}

function call({ mode, offered_at, started_at, duration_s, end_reason, ended_by }, people) {
  const parts = [
    MODES[mode] ?? mode,
    time(started_at ?? offered_at),
    started_at ? null : "not answered",
    duration_s ? duration(duration_s) : null,
    end_reason?.replaceAll("_", " "),
    ended_by && `ended by ${people[ended_by] ?? "somebody"}`,
  ];
  return h("p", {}, ...joined(parts));
}

function message({ sender_id, content, type, created_at, deleted_at, edited_at }, people, reported) {
  const said = content ?? (deleted_at ? "(deleted)" : `(${type})`);
  return h(
    "li",
    { class: `${sender_id === people.reported ? "theirs" : ""} ${reported ? "marked" : ""}` },
    h("b", {}, people[sender_id] ?? "Somebody"),
    h("p", { class: "said" }, said),
    h("span", { class: "hint" }, ...joined([time(created_at), edited_at && "edited", deleted_at && "deleted by then"])),
  );
}

/** The picture is drawn behind a veil, and not even fetched, until a moderator asks for it. */
function picture(mediaId, { shown, addresses }, alt) {
  const address = addresses[mediaId];
  const words = shown ? (address ? "" : "Loading the picture…") : "The picture is hidden.";
  return h(
    "figure",
    { class: `picture ${shown ? "" : "veiled"}` },
    ...(address
      ? [h("img", { src: address, alt })]
      : [h("div", { class: "veil", "aria-hidden": "true" })]),
    ...(words ? [h("figcaption", {}, words)] : []),
  );
}

/** A post with its pictures, a comment or a review, as it was. */
function published({ title, caption, content, rating, media_ids = [], created_at }, pictures, who) {
  const said = [title, caption, content].filter(Boolean).map((words) => h("p", { class: "said" }, words));
  const drawn = media_ids.map((id, at) => picture(id, pictures, `Picture ${at + 1} of ${media_ids.length} that ${who} posted`));
  return [...drawn, ...said, h("span", { class: "hint" }, ...joined([rating && `${rating} of 5 stars`, time(created_at)]))];
}

/** Everything about one report. `people`: names by id, with `reported` the id of whom it is about. */
export function evidencePart({ content, media_id }, { pictures, people, reporter }) {
  const names = { reporter, reported: people[people.reported] };
  const shown = media_id ? [picture(media_id, pictures, `What ${names.reporter} saw of ${names.reported}`)] : [];
  if (content === null) return [...shown, h("p", { class: "calm" }, "The evidence was deleted, as its time was over.")];
  const part = (title, ...children) => h("section", {}, h("h4", {}, title), ...children);
  const { reported, messages = [] } = content;
  const isMessage = reported && "sender_id" in reported;
  const written = reported && !isMessage ? [part("What was reported", ...published(reported, pictures, names.reported))] : [];
  return [
    ...shown,
    ...(isMessage ? [part("What was reported", h("ul", { class: "talk" }, message(reported, people, true)))] : []),
    ...written,
    ...(content.card ? [part("The profile then", card(content.card))] : []),
    ...(content.call ? [part("The call", call(content.call, people))] : []),
    part(
      "The last messages then",
      messages.length
        ? h("ul", { class: "talk" }, ...messages.map((each) => message(each, people, isMessage && each.id === reported.id)))
        : h("p", { class: "calm" }, "They have written nothing to each other."),
    ),
  ];
}
