/** What people say of a place or a mentor. */

import { drawn, rated, stars } from "../location-words.js";
import { failure } from "../state.js";
import { words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { card, errorAbove, h, show, submitting, text } from "./dom.js";
import { pressed } from "./friends.js";

/**
 * What people say, newest first, and a form for one's own: it changes what one has said, if one has. `source` has the reviews, `says`
 * the texts that differ: `unrated` and `visited`.
 */
export function reviewing({ store, source, says, changed }) {
  const t = words.places;
  const summary = h("p", { class: "calm" });
  const list = h("ul", { class: "reviews", "aria-label": t.reviews });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, t.more);
  const choices = [1, 2, 3, 4, 5].map((rating) => h("label", {}, h("input", { type: "radio", name: "rating", value: String(rating), "aria-label": stars(rating) }), h("span", { "aria-hidden": "true" }, `${rating} ★`)));
  const send = h("button", { class: "primary" }, t.send);
  const remove = pressed(t.take_back, t.take_back, "", () => submitting(form, async () => {
    await source.takeBack(own);
    await changed();
  }));
  const form = h(
    "form", { noValidate: true, "aria-label": t.yours }, h("h3", {}, t.yours), errorAbove(),
    h("fieldset", { class: "chips" }, h("legend", {}, t.rating), ...choices),
    h("label", {}, t.headline, h("input", { name: "title", maxLength: 255 })),
    h("label", {}, t.words, h("textarea", { name: "content", rows: 3, maxLength: 4000 })),
    h("div", { class: "row" }, send, remove),
  );
  const element = card(t.reviews, summary, list, more, form);
  let [about, own, cursor] = [null, null, null];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async () => {
      await source.review(about.id, said(), own);
      await changed();
    });
  });
  more.addEventListener("click", async () => {
    const of = about;
    try {
      const page = await source.reviews(of.id, cursor);
      if (of === about) add(page);
    } catch (error) {
      store.dispatch("page:notice", failure(error));
    }
  });

  function said() {
    const { rating, title, content } = form.elements;
    return { rating: Number(rating.value), title: title.value.trim() || null, content: content.value.trim() || null };
  }

  function add({ items, next_cursor: next }) {
    list.append(...items.map((review) => one(review, says, store.state.settings)));
    cursor = next;
    show(more, cursor !== null);
    adopt(items.find(({ author }) => author.user_id === store.state.me?.id));
  }

  /** One's own review, once it was seen, is what the form changes. */
  function adopt(found) {
    if (!found) return;
    own = found;
    form.elements.rating.value = String(own.rating);
    form.elements.title.value = own.title ?? "";
    form.elements.content.value = own.content ?? "";
    text(send, t.change);
    show(remove, true);
    show(form, true);
  }

  function clear() {
    [about, own, cursor] = [null, null, null];
    list.replaceChildren();
    form.reset();
    text(send, t.send);
    show(remove, false);
    show(more, false);
    text(summary, "");
  }

  /** `may`: whether they may say something for the first time. */
  function draw(found, reviews, { may = true } = {}) {
    clear();
    about = found;
    show(form, may);
    text(summary, rated(found) || says.unrated);
    add(reviews);
  }

  return { element, draw, clear };
}

function one({ author, rating, title, content, verified_visit: visited, created_at: at }, says, settings) {
  const parts = [author.display_name, dateAndTime(at, settings), visited ? says.visited : ""].filter(Boolean).join(" · ");
  return h(
    "li", {}, h("p", { class: "stars", role: "img", "aria-label": stars(rating) }, drawn(rating)),
    ...(title ? [h("b", {}, title)] : []), ...(content ? [h("p", { class: "said" }, content)] : []), h("p", { class: "hint" }, parts),
  );
}
