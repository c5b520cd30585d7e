/** The feed, and what one posts oneself: pictures, a few words, and for whom. */

import { failure } from "../state.js";
import { filled, words } from "../texts.js";
import { percent } from "../words.js";
import { audienceFields } from "./audience.js";
import { arrange, card, h, section, show, text } from "./dom.js";
import { postCard } from "./post.js";

const MOST = 4;

export function feedView({ store, posts, friends }) {
  const t = words.posts;
  const place = section("feed", t.title);
  const form = composing(store, posts, friends);
  const [none, list] = [h("p", { class: "calm" }, t.none), h("ul", { class: "feed" })];
  const more = h("button", { type: "button", class: "quiet" }, t.more);
  more.addEventListener("click", () => posts.more());
  place.append(form.element, none, list, more);
  const made = new Map();
  let looked = false;

  return (state) => {
    const seen = state.account === "in" && state.place.name === "feed";
    show(place, seen);
    if (!seen) looked = false;
    if (!seen) return;
    if (!looked) queueMicrotask(() => posts.look()); // a view never changes the state while it is drawn
    looked = true;
    form.draw(state);
    show(none, state.feed?.length === 0);
    show(more, state.moreFeed !== null);
    arrange(list, (state.feed ?? []).map((post) => item(post)));
  };

  function item(post) {
    const as = JSON.stringify(post);
    if (made.get(post.id)?.as !== as) {
      const again = made.get(post.id)?.element;
      const element = h("li", {}, postCard(post, { store, posts }));
      if (again?.contains(document.activeElement)) queueMicrotask(() => element.querySelector("button")?.focus());
      made.set(post.id, { as, element });
    }
    return made.get(post.id).element;
  }
}

/** The form by which one posts; what was refused stays in it. */
function composing(store, posts, friends) {
  const t = words.posts;
  const files = h("input", { type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, required: true });
  const caption = h("textarea", { rows: 2, maxLength: 2000 });
  const whom = audienceFields({ store, friends });
  const [go, how] = [h("button", { class: "primary" }, t.share), h("p", { class: "hint", role: "status" })];
  const labels = [[t.pictures, files], [t.caption, caption]].map(([label, input]) => h("label", {}, label, input));
  const form = h("form", {}, ...labels, ...whom.elements, go, how);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (files.files.length > MOST) return store.dispatch("page:notice", { text: "too_many_photos" });
    const who = whom.said();
    if (who === null) return text(how, t.nobody_chosen);
    try {
      await posts.share([...files.files], { caption: caption.value.trim(), ...who });
      form.reset();
      whom.set();
    } catch (error) {
      store.dispatch("page:notice", failure(error));
    }
  });
  let sending = null;
  const draw = (state) => {
    whom.draw(state);
    const { posting } = state;
    if (posting === sending) return; // what the form itself says stays
    sending = posting;
    go.disabled = posting !== null;
    text(how, posting === null ? "" : posting.phase === "posting" ? t.posting : filled(t.sending, { percent: percent(posting.sent) }));
  };
  return { element: card(t.yours, form), draw };
}
