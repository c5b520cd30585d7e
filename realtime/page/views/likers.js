/** Who likes a post: asked for when somebody opens it, and again when their number changes meanwhile. */

import { failure } from "../state.js";
import { words } from "../texts.js";
import { avatar, h, show, text } from "./dom.js";

export function likersView({ store, posts }) {
  const t = words.posts;
  const [list, hidden] = [h("ul", { class: "friends", "aria-label": t.who_likes }), h("p", { class: "hint", role: "status" })];
  const more = h("button", { type: "button", class: "quiet", hidden: true }, t.more_people);
  const element = h("details", { class: "card" }, h("summary", {}, t.who_likes), list, hidden, more);
  let [post, cursor, wanted, as] = [null, null, 0, ""];

  element.addEventListener("toggle", () => element.open && load());
  more.addEventListener("click", () => load(cursor));

  async function load(after = null) {
    const own = (wanted += 1);
    try {
      const page = await posts.likers(post, after);
      if (own !== wanted) return;
      cursor = page.next_cursor;
      const rows = page.items.map(row);
      if (after) list.append(...rows);
      else list.replaceChildren(...rows);
      show(more, cursor !== null);
      text(hidden, list.children.length ? "" : t.nobody_likes);
    } catch (error) {
      if (own === wanted) store.dispatch("page:notice", failure(error));
    }
  }

  /** The user's own like was taken. */
  function again() {
    if (element.open) load();
  }

  /** Of this post; null: none is open. */
  function draw(shown) {
    show(element, shown !== null);
    if (shown?.id !== post?.id) {
      wanted += 1;
      element.open = false;
      list.replaceChildren();
      show(more, false);
      text(hidden, "");
    }
    const before = as;
    [post, as] = [shown, `${shown?.id} ${shown?.like_count}`];
    if (as !== before) again();
  }

  return { element, draw, again };
}

function row(user) {
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, user);
  return h("li", {}, face, h("b", {}, user.display_name));
}
