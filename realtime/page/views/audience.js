/** For whom a post is: one's friends, some of them, or everybody. */

import { words } from "../texts.js";
import { arrange, h, show } from "./dom.js";

/**
 * The fields of a form. `draw(state)` shows the friends to choose from; `set(post)` says what a post has; `said()` is what the fields say,
 * null: nobody was chosen.
 */
export function audienceFields({ store, friends }) {
  const t = words.posts;
  const whom = h("select", {}, ...Object.entries(t.whom).map(([value, said]) => h("option", { value }, said)));
  const [list, none] = [h("div"), h("p", { class: "hint" }, t.no_friends)];
  const some = h("fieldset", { class: "audience", hidden: true }, h("legend", {}, t.choose), none, list);
  const [made, chosen] = [new Map(), new Set()];

  whom.addEventListener("change", asked);
  list.addEventListener("change", ({ target }) => (target.checked ? chosen.add(target.value) : chosen.delete(target.value)));

  function asked() {
    if (whom.value === "selected") queueMicrotask(() => friends.look()); // a view never changes the state while it is drawn
    draw(store.state);
  }

  function draw({ friends: known }) {
    show(some, whom.value === "selected");
    if (some.hidden) return;
    show(none, known?.length === 0);
    arrange(list, (known ?? []).map(({ user }) => box(user)));
  }

  function box({ user_id: value, display_name: name }) {
    if (!made.has(value)) made.set(value, h("label", { class: "check" }, h("input", { type: "checkbox", value, checked: chosen.has(value) }), h("span", {}, name)));
    return made.get(value);
  }

  function set({ visibility = "friends", audience } = {}) {
    whom.value = visibility;
    chosen.clear();
    for (const id of audience ?? []) chosen.add(id);
    made.clear();
    asked();
  }

  /** Who is a friend no longer is not chosen any more. */
  function said() {
    if (whom.value !== "selected") return { visibility: whom.value };
    const audience = (store.state.friends ?? []).map(({ user }) => user.user_id).filter((id) => chosen.has(id));
    return audience.length ? { visibility: "selected", audience } : null;
  }

  return { elements: [h("label", {}, t.visible, whom), some], draw, set, said };
}
