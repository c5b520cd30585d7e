/** A group: its name and picture, who is in it, links by which others join, and leaving. */

import { failure } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { arrange, avatar, card, errorAbove, h, keepKeyboard, section, show, submitting, text } from "./dom.js";
import { pressed, someone } from "./friends.js";
import { groupFields } from "./grouping.js";

const AT_ONCE = 50;
const LASTS = { hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 };

export function groupView({ store, groups, friends }) {
  const t = words.groups;
  const face = h("span", { class: "avatar big", "aria-hidden": "true" });
  const [toChat, described] = [h("a", { class: "button" }, t.to_chat), h("p", { class: "said" })];
  const place = section("group", t.somebody, h("div", { class: "row" }, face, toChat), described);
  const heading = place.querySelector("h1");
  const act = (action) => action().catch((error) => store.dispatch("page:notice", failure(error)));
  const parts = [changing({ groups }), membersOf({ store, groups, friends, act }), links({ groups, act, store })];
  const leave = h("button", { type: "button" }, t.leave);
  const end = h("button", { type: "button" }, t.end);
  const now = () => groups.open.group;
  leave.addEventListener("click", () => {
    if (!confirm(filled(t.leaving, { name: now().name }))) return;
    act(async () => {
      await groups.remove(now().id, store.state.me.id);
      location.hash = "chats";
    });
  });
  end.addEventListener("click", () => {
    if (!confirm(filled(t.ending, { name: now().name }))) return;
    const { id, room_id } = now();
    act(async () => {
      await groups.end(id);
      location.hash = `room/${room_id}`;
    });
  });
  place.append(...parts.map(({ element }) => element), h("div", { class: "row card" }, leave, end));
  let [looked, drawn] = [null, null];

  return (state) => {
    const seen = state.account === "in" && state.place.name === "group";
    show(place, seen);
    if (!seen) looked = null;
    if (!seen) return;
    if (looked !== state.place.id) {
      looked = state.place.id;
      const id = looked;
      queueMicrotask(() => groups.look(id)); // a view never changes the state while it is drawn
    }
    const open = groups.open?.id === looked && groups.open.group ? groups.open : null;
    for (const part of [face, toChat, leave]) show(part, open !== null);
    show(end, open?.group.role === "owner");
    for (const part of parts) part.draw(open, state);
    if (drawn === open) return;
    drawn = open;
    text(heading, open?.group.name ?? t.somebody);
    text(described, open?.group.description ?? "");
    if (!open) return;
    avatar(face, { id: open.group.id, display_name: open.group.name, photo_url: open.group.photo_url });
    toChat.setAttribute("href", `#room/${open.group.room_id}`);
  };
}

/** Its name, what it is about, its picture, what newcomers read and for how long that is kept, for who leads it. What somebody is writing is not written over. */
function changing({ groups }) {
  const t = words.groups;
  const fields = groupFields();
  const how = h("p", { class: "hint", role: "status" });
  const form = h("form", { noValidate: true }, errorAbove(), ...fields.elements, h("button", { class: "primary" }, t.save), how);
  const element = h("details", { class: "card" }, h("summary", {}, t.change), form);
  let shown = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fields.valid(form) || !fields.sure(groups.open.group)) return;
    submitting(form, async () => {
      text(how, "");
      await groups.change(shown, fields.said());
      text(how, t.saved);
    });
  });
  const draw = (open) => {
    show(element, Boolean(open && open.group.role !== "member"));
    if (open && open.id !== shown) {
      shown = open.id;
      element.open = false;
      fields.set(open.group);
      text(how, "");
    }
  };
  return { element, draw };
}

/** Who is in it, with their roles and what one may do about each; below, friends to add. */
function membersOf({ store, groups, friends, act }) {
  const t = words.groups;
  const list = h("ul", { class: "friends" });
  const more = h("button", { type: "button", class: "quiet" }, t.more);
  const whom = h("select");
  const [add, none] = [h("button", {}, t.add_now), h("p", { class: "hint" }, t.nobody_to_add)];
  const choose = h("div", { class: "row" }, h("label", {}, t.add_whom, whom), add);
  const adding = h("form", { "aria-label": t.add }, choose, none);
  const element = card(t.members, list, more, adding);
  let [most, drawn, known, asked] = [AT_ONCE, null, null, null];
  more.addEventListener("click", () => {
    most += AT_ONCE;
    drawn = null;
    draw(groups.open, store.state);
  });
  adding.addEventListener("submit", (event) => {
    event.preventDefault();
    if (whom.value) act(() => groups.put(groups.open.id, whom.value, "member"));
  });

  const meet = ({ user }) => user.user_id !== store.state.me.id && store.dispatch("page:person", { peer: user, introduced: true });
  const does = (said, action, asks = null) => (item) => {
    const name = item.user.display_name;
    return pressed(said, filled(t.whom, { does: said, name }), "quiet", () => (asks === null || confirm(filled(asks, { name }))) && act(() => action(item.user.user_id)));
  };
  const put = (role) => (id) => groups.put(groups.open.id, id, role);
  const ACTS = {
    promote: does(t.promote, put("admin")),
    demote: does(t.demote, put("member")),
    hand_over: does(t.hand_over, put("owner"), t.handing_over),
    remove: does(t.remove, (id) => groups.remove(groups.open.id, id), t.removing),
  };

  /** What one in this role may do about a member; of oneself one leaves. */
  function acts(role, member) {
    if (member.user.user_id === store.state.me.id) return [];
    if (role === "owner") return [member.role === "admin" ? ACTS.demote : ACTS.promote, ACTS.hand_over, ACTS.remove];
    return role === "admin" && member.role === "member" ? [ACTS.remove] : [];
  }

  function row(member, role, settings) {
    const item = someone(member, meet, acts(role, member));
    text(item.querySelector(".last"), filled(t.since, { role: t[member.role], at: dateAndTime(member.joined_at, settings) }));
    return item;
  }

  function draw(open, state) {
    show(element, open !== null);
    const leads = Boolean(open && open.group.role !== "member");
    show(adding, leads);
    if (!open) asked = drawn = null;
    if (!open) return;
    if (leads && asked !== open.id) {
      asked = open.id;
      queueMicrotask(() => friends.look()); // a view never changes the state while it is drawn
    }
    if (drawn === open && known === state.friends) return;
    const within = list.contains(document.activeElement);
    if (drawn !== open) list.replaceChildren(...open.members.slice(0, most).map((member) => row(member, open.group.role, state.settings)));
    [drawn, known] = [open, state.friends];
    show(more, open.members.length > most);
    const inside = new Set(open.members.map(({ user }) => user.user_id));
    const others = (known ?? []).filter(({ user }) => !inside.has(user.user_id));
    whom.replaceChildren(...others.map(({ user }) => h("option", { value: user.user_id }, user.display_name)));
    show(choose, others.length > 0);
    show(none, known !== null && others.length === 0);
    if (within) keepKeyboard(); // what was pressed is gone
  }

  return { element, draw };
}

/** Links that stand, and the form for one more. */
function links({ groups, act, store }) {
  const t = words.groups;
  const [list, none, told] = [h("ul", { class: "links" }), h("p", { class: "calm" }, t.no_invitations), h("p", { class: "unseen", role: "status" })];
  const lasts = h("select", { name: "lasts" }, ...Object.entries(LASTS).map(([name, value]) => h("option", { value, selected: name === "week" }, t[name])));
  const most = h("input", { type: "number", name: "max_uses", min: 1, max: 1000, inputMode: "numeric" });
  const fields = [[t.lasts, lasts], [t.most, most]].map(([label, input]) => h("label", {}, label, input));
  const form = h("form", { noValidate: true }, errorAbove(), h("div", { class: "pair" }, ...fields), h("button", { class: "primary" }, t.invite));
  const element = card(t.invitations, none, list, told, form);
  let drawn = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async () => {
      await groups.invite(groups.open.id, { expires_in_s: Number(lasts.value), max_uses: Number(most.value) });
      form.reset();
    });
  });

  async function copy(input) {
    input.select();
    await navigator.clipboard?.writeText(input.value).catch(() => document.execCommand("copy"));
    text(told, "");
    setTimeout(() => text(told, t.copied));
  }

  function link({ id, url, uses_left, expires_at }) {
    const input = h("input", { readOnly: true, value: url, "aria-label": t.link });
    const uses = uses_left === null ? t.any_uses : counted(t.uses_left, uses_left);
    const until = filled(t.until, { uses, at: dateAndTime(expires_at, store.state.settings) });
    const button = (does, action) => pressed(does, filled(t.whom, { does, name: until }), "quiet", action);
    const acts = [button(t.copy, () => copy(input)), button(t.revoke, () => act(() => groups.revoke(groups.open.id, id)))];
    return h("li", {}, input, h("p", { class: "hint" }, until), h("div", { class: "row" }, ...acts));
  }

  const draw = (open) => {
    show(element, Boolean(open && open.group.role !== "member"));
    if (drawn === open) return;
    drawn = open;
    const within = list.contains(document.activeElement);
    arrange(list, (open?.invitations ?? []).map(link));
    show(none, open?.invitations?.length === 0);
    if (within) keepKeyboard();
  };
  return { element, draw };
}
