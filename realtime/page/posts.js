/** Posting, the feed, and the post that is open. Those on the screen are watched: likes and comments are counted as they come. */

import { randomId } from "./device.js";
import { failure } from "./state.js";

const AT_ONCE = 20;
const WATCHED = 50; // as many as the server lets one watch

export class Posts {
  #api;
  #session;
  #store;

  constructor({ api, session, store }) {
    this.#api = api;
    this.#session = session;
    this.#store = store;
  }

  /** An event of the server, after the state was changed by it. */
  heard(name, data) {
    const { place, post } = this.#store.state;
    if (name === "session:ready" && place.name === "feed") this.look();
    if (name === "session:ready" && place.name === "post") this.open(place.id);
    if (name === "post:changed" && post?.id === data.post_id && place.name === "post") this.#talk(post.id);
  }

  /** The feed is on the screen. */
  look() {
    return this.#attempt(() => this.#page(`/v1/feed?limit=${AT_ONCE}`));
  }

  more() {
    return this.#attempt(() => this.#page(`/v1/feed?limit=${AT_ONCE}&cursor=${this.#store.state.moreFeed}`, { more: true }));
  }

  /** One post is on the screen, with what is said about it. */
  open(id) {
    return this.#attempt(async () => {
      if (this.#store.state.post?.id !== id) this.#store.dispatch("page:post", { post: null, talk: null });
      const post = await this.#api.request("GET", `/v1/posts/${id}`);
      const talk = await this.#api.all(`/v1/posts/${id}/comments`);
      this.#store.dispatch("page:post", { post, talk });
      await this.#watch([id]);
      const now = this.#store.state.post;
      if (now?.id === id && now.comment_count !== post.comment_count) await this.#talk(id); // somebody spoke before it was watched
    });
  }

  // Each of these throws what the server says.

  /** Send the pictures, one after the other, and post them; `whom` has `visibility`, and `audience` where that is chosen. */
  async share(files, { caption, ...whom }) {
    const tell = (posting) => this.#store.dispatch("page:posting", { posting });
    try {
      const media_ids = [];
      for (const file of files) {
        const told = (sent) => tell({ phase: "sending", sent: (media_ids.length + sent) / files.length });
        media_ids.push((await this.#api.upload(file, { purpose: "post", key: randomId(), told })).id);
      }
      tell({ phase: "posting", sent: 1 });
      const post = await this.#api.request("POST", "/v1/posts", { media_ids, ...whom, ...(caption && { caption }) }, { "Idempotency-Key": randomId() });
      this.#store.dispatch("page:posted", { post });
      await this.#watchFeed();
    } finally {
      tell(null);
    }
  }

  /** Other words for it, or other people; its pictures stay. */
  async change({ id }, { caption, ...whom }) {
    const post = await this.#api.request("PATCH", `/v1/posts/${id}`, { ...whom, caption: caption || null });
    this.#store.dispatch("page:post-changed", { post });
  }

  /** Who likes it, as far as one sees them: `{items, next_cursor}`. */
  likers({ id }, cursor = null) {
    return this.#api.request("GET", `/v1/posts/${id}/likes?${new URLSearchParams({ limit: String(AT_ONCE), ...(cursor && { cursor }) })}`);
  }

  async like({ id, liked }) {
    this.#store.dispatch("page:liked", { post_id: id, liked: !liked });
    try {
      await this.#api.request(liked ? "DELETE" : "PUT", `/v1/posts/${id}/like`);
    } catch (error) {
      this.#store.dispatch("page:liked", { post_id: id, liked });
      throw error;
    }
  }

  async say(postId, content, replyTo) {
    const body = { content, ...(replyTo && { reply_to: replyTo }) };
    const comment = await this.#api.request("POST", `/v1/posts/${postId}/comments`, body, { "Idempotency-Key": randomId() });
    this.#store.dispatch("page:said", { comment });
    await this.#talk(postId);
  }

  async unsay({ id }) {
    await this.#api.request("DELETE", `/v1/comments/${id}`);
    this.#store.dispatch("page:unsaid", { id });
  }

  async remove({ id }) {
    await this.#api.request("DELETE", `/v1/posts/${id}`);
    this.#store.dispatch("page:post-gone", { id });
  }

  // --- How it is done ---

  async #page(path, { more = false } = {}) {
    const page = await this.#api.request("GET", path);
    this.#store.dispatch("page:feed", { ...page, more });
    await this.#watchFeed();
  }

  #watchFeed() {
    return this.#watch(this.#store.state.feed.slice(0, WATCHED).map(({ id }) => id));
  }

  /** What is said, read anew; whoever has left the post meanwhile is shown nothing of it. */
  #talk(id) {
    return this.#attempt(async () => {
      const talk = await this.#api.all(`/v1/posts/${id}/comments`);
      const { post } = this.#store.state;
      if (post?.id === id) this.#store.dispatch("page:post", { post, talk });
    });
  }

  async #watch(post_ids) {
    if (!this.#session.ready) return;
    const watched = await this.#session.command("post:watch", { post_ids }).catch(() => null); // the next look asks again
    for (const counts of watched?.posts ?? []) this.#store.dispatch("post:changed", counts);
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (error.code !== "offline") this.#store.dispatch("page:notice", failure(error)); // the banner says so
    }
  }
}
