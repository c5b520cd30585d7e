/** A post: as a card of the feed, and alone with what is said about it. */

import { threads } from "../posts-state.js";
import { failure } from "../state.js";
import { counted, filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { audienceFields } from "./audience.js";
import { arrange, avatar, h, section, show, text } from "./dom.js";
import { likersView } from "./likers.js";
import { photo } from "./picture.js";

export function postView({ store, posts, friends }) {
  const t = words.posts;
  const place = section("post", t.post, h("a", { class: "button", href: "#feed" }, t.back));
  const [shown, talk] = [h("div"), h("ul", { class: "talk-of-post", "aria-label": t.comments })];
  const content = h("textarea", { rows: 2, maxLength: 1000, required: true });
  const to = h("p", { class: "hint" });
  const form = h("form", { "aria-label": t.say }, to, h("label", {}, t.say, content), h("button", { class: "primary" }, t.send));
  const [change, likers] = [changing({ store, posts, friends }), likersView({ store, posts })];
  place.append(shown, change.element, likers.element, talk, form);
  let [opened, as, answering] = [null, null, null];
  const act = (action) => action().catch((error) => store.dispatch("page:notice", failure(error)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!content.value.trim()) return;
    act(async () => {
      await posts.say(opened, content.value, answering?.id);
      form.reset();
      answer(null);
    });
  });

  function answer(comment) {
    answering = comment;
    text(to, comment ? filled(t.answering, { name: comment.author.display_name }) : "");
    show(to, comment !== null);
    if (comment) content.focus();
  }

  return (state) => {
    const { account, place: { name, id } } = state;
    const seen = account === "in" && name === "post";
    show(place, seen);
    if (!seen) opened = null;
    if (!seen) return;
    if (opened !== id) {
      opened = id;
      answer(null);
      queueMicrotask(() => posts.open(id)); // a view never changes the state while it is drawn
    }
    const post = state.post?.id === id ? state.post : null;
    show(form, post !== null);
    change.draw(state, post);
    likers.draw(post);
    const now = JSON.stringify([post, state.talk, state.settings]);
    if (now === as) return;
    as = now;
    shown.replaceChildren(...(post ? [postCard(post, { store, posts, alone: true, taken: likers.again })] : []));
    const said = (comment) => comments(comment, { state, post, store, answer, unsay: () => act(() => posts.unsay(comment)) });
    arrange(talk, post ? threads(state.talk ?? []).flatMap((each) => [said(each), ...each.answers.map(said)]) : []);
  };
}

/** One's own post, in other words or for other people. */
function changing({ store, posts, friends }) {
  const t = words.posts;
  const caption = h("textarea", { rows: 2, maxLength: 2000 });
  const whom = audienceFields({ store, friends });
  const how = h("p", { class: "hint", role: "status" });
  const form = h("form", {}, h("label", {}, t.caption, caption), ...whom.elements, h("button", { class: "primary" }, t.save), how);
  const element = h("details", { class: "card" }, h("summary", {}, t.change), form);
  let post = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const who = whom.said();
    if (who === null) return text(how, t.nobody_chosen);
    try {
      await posts.change(post, { caption: caption.value.trim(), ...who });
      text(how, t.saved);
    } catch (error) {
      store.dispatch("page:notice", failure(error));
    }
  });

  /** What somebody is writing is not written over. */
  function draw(state, shown) {
    const own = shown?.author.user_id === state.me?.id ? shown : null;
    show(element, own !== null);
    if (own && own.id !== post?.id) {
      element.open = false;
      caption.value = own.caption ?? "";
      whom.set(own);
      text(how, "");
    }
    post = own;
    if (own) whom.draw(state);
  }

  return { element, draw };
}

/** What somebody said; whose it is, or whose post it is on, may take it away. */
function comments(comment, { state, post, store, answer, unsay }) {
  const t = words.posts;
  const name = comment.author.display_name;
  const own = comment.author.user_id === state.me.id;
  const does = (says, action) => pressed(says, filled(t.of, { does: says, name }), action);
  const actions = [
    ...(comment.reply_to ? [] : [does(t.answer, () => answer(comment))]),
    ...(own || post.author.user_id === state.me.id ? [does(t.remove, unsay)] : []),
    ...(own ? [] : [does(t.report, () => reported(store, "comment", comment))]),
  ];
  const head = h("p", {}, h("b", {}, name), " ", h("span", { class: "hint" }, dateAndTime(comment.created_at, state.settings)));
  const held = comment.held ? [h("p", { class: "hint" }, t.held)] : [];
  return h("li", { class: comment.reply_to ? "answer" : "" }, head, h("p", { class: "said" }, comment.content), ...held, h("div", { class: "row" }, ...actions));
}

/** A post with its pictures and what can be done with it. */
export function postCard(post, { store, posts, alone = false, taken = () => {} }) {
  const t = words.posts;
  const { author, media, caption, liked, like_count, comment_count } = post;
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, author);
  const act = (action) => action().catch((error) => store.dispatch("page:notice", failure(error)));
  const like = pressed(`♥ ${like_count}`, counted(t.likes, like_count, { does: t.like }), () => act(() => posts.like(post).then(taken)));
  like.setAttribute("aria-pressed", String(liked));
  const talk = h("a", { class: "button", href: `#post/${post.id}` }, counted(t.said, comment_count));
  const own = author.user_id === store.state.me?.id;
  const more = own
    ? pressed(t.remove, t.remove_post, () => confirm(t.removing) && act(() => posts.remove(post)).then(() => alone && (location.hash = "feed")))
    : pressed(t.report, t.report_post, () => reported(store, "post", post));
  const pictures = media.map((picture, at) => photo(picture, { alt: filled(t.picture, { at: at + 1, count: media.length, name: author.display_name }), wide: "36rem" }));
  return h(
    "article",
    { class: "card post" },
    h("p", { class: "row" }, face, h("b", {}, author.display_name), h("span", { class: "hint" }, dateAndTime(post.created_at, store.state.settings))),
    h("div", { class: "pictures" }, ...pictures),
    ...(caption ? [h("p", { class: "said" }, caption)] : []),
    ...(post.held ? [h("p", { class: "hint" }, t.held)] : []),
    h("div", { class: "row" }, like, ...(alone ? [] : [talk]), more),
  );
}

function pressed(says, label, action) {
  const button = h("button", { type: "button", class: "quiet", "aria-label": label }, says);
  button.addEventListener("click", action);
  return button;
}

function reported(store, type, { id, author }) {
  store.dispatch("page:report", { subject: { type, id }, peer: author });
}
