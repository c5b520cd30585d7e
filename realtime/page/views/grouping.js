/** Making a group, and joining one by a link, which shows first what it is to. */

import { counted, filled, words } from "../texts.js";
import { dateAndTime, notice } from "../words.js";
import { avatar, errorAbove, h, section, show, submitting, text, valid } from "./dom.js";

const DAYS = [90, 30, 7, 1];

/**
 * What a group has that its leaders change. `said()`: only what is to be changed, so that a picture stays. For how long messages are kept, a node of the
 * version before does not know: where nobody has chosen that, nothing is said of it.
 */
export function groupFields() {
  const t = words.groups;
  const name = h("input", { name: "name", maxLength: 100, required: true, autocomplete: "off" });
  const description = h("textarea", { name: "description", rows: 2, maxLength: 1000 });
  const picture = h("input", { type: "file", name: "photo", accept: "image/jpeg,image/png,image/webp" });
  const history = h("select", { name: "history" }, ...["from_joining", "all"].map((value) => h("option", { value }, t[value])));
  const during = (days) => h("option", { value: days }, days ? counted(t.keep_days, Number(days)) : t.keep_all);
  const keeping = h("select", { name: "keep_days" }, ...["", ...DAYS].map((days) => during(`${days}`)));
  let chosen = false;
  const elements = [[t.name, name], [t.description, description], [t.picture, picture], [t.history, history], [t.keep, keeping]].map(([label, input]) => h("label", {}, label, input));
  elements.push(h("p", { class: "hint" }, t.keep_hint));

  function said() {
    const [about, keep_days] = [description.value.trim(), Number(keeping.value) || null];
    chosen ||= keep_days !== null;
    return { name: name.value.trim(), history: history.value, description: about || null, picture: picture.files[0] ?? null, ...(chosen && { keep_days }) };
  }

  function set(group) {
    name.value = group.name;
    description.value = group.description ?? "";
    history.value = group.history;
    const days = `${group.keep_days ?? ""}`;
    if (![...keeping.options].some(({ value }) => value === days)) keeping.append(during(days));
    keeping.value = days;
    chosen = days !== "";
    picture.value = "";
  }

  /** Where it is to be kept for a shorter time than the group has it: whether they mean it. */
  function sure({ keep_days = Infinity }) {
    const days = Number(keeping.value) || Infinity;
    return days >= keep_days || confirm(counted(t.forgetting, days));
  }

  return { elements, said, set, sure, valid };
}

export function newGroupView({ groups }) {
  const t = words.groups;
  const fields = groupFields();
  const form = h("form", { class: "card", noValidate: true, "aria-label": t.fresh }, errorAbove(), ...fields.elements, h("button", { class: "primary" }, t.make));
  const place = section("new-group", t.fresh, h("a", { class: "button", href: "#chats" }, t.to_chats), form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fields.valid(form)) return;
    submitting(form, async () => {
      const { description, picture, ...said } = fields.said();
      const made = await groups.create({ ...said, picture, ...(description && { description }) });
      form.reset();
      location.hash = `group/${made.id}`;
    });
  });
  return ({ account, place: { name } }) => show(place, account === "in" && name === "new-group");
}

export function joinView({ groups }) {
  const t = words.groups;
  const face = h("span", { class: "avatar big", "aria-hidden": "true" });
  const [name, about, until, wrong] = [h("h2"), h("p", { class: "said" }), h("p", { class: "hint" }), h("p", { class: "wrong", role: "alert" })];
  const [join, open] = [h("button", { class: "primary" }, t.join), h("a", { class: "button" }, t.open)];
  const form = h("form", { class: "card", "aria-label": t.invited, hidden: true }, errorAbove(), face, name, about, until, join, open);
  const place = section("join", t.invited, wrong, form, h("a", { class: "button", href: "#chats" }, t.to_chats));
  let code = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async () => {
      const { room_id } = await groups.join(code);
      location.hash = `room/${room_id}`;
    });
  });

  async function look(settings) {
    const asked = code;
    show(form, false);
    text(wrong, "");
    const [found, failed] = await groups.preview(asked).then((found) => [found, null], (error) => [null, error]);
    if (asked !== code) return;
    if (failed) return text(wrong, ["expired", "not_found"].includes(failed.code) ? t.is_over : notice(failed.code, failed.retryAfterMs));
    avatar(face, { id: asked, display_name: found.name, photo_url: found.photo_url });
    text(name, found.name);
    text(about, [counted(t.members_count, found.member_count), found.description].filter(Boolean).join(" · "));
    text(until, filled(t.invited_until, { at: dateAndTime(found.expires_at, settings) }));
    show(join, !found.room_id);
    show(open, Boolean(found.room_id));
    open.setAttribute("href", `#room/${found.room_id}`);
    show(form, true);
  }

  return ({ account, place: { name: at, id }, settings }) => {
    const seen = account === "in" && at === "join";
    show(place, seen);
    const now = seen ? id : null;
    if (now === code) return;
    code = now;
    if (code) queueMicrotask(() => look(settings)); // a view never changes the state while it is drawn
  };
}
