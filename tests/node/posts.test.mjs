/** The page's rules about posts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { threads } from "../../realtime/page/posts-state.js";
import { initial, reduce } from "../../realtime/page/state.js";
import { placeIn } from "../../realtime/page/route.js";

const POST = { id: "p1", liked: false, like_count: 2, comment_count: 0 };
const PAGE = { items: [POST, { ...POST, id: "p0" }], next_cursor: null };

function play(...actions) {
  return actions.reduce((before, [type, data]) => reduce(before, { type, data, at: 0 }), initial());
}

test("a like is counted once, whichever comes first: the press, its answer or the event", () => {
  const liked = ["page:liked", { post_id: "p1", liked: true }];
  const told = ["post:changed", { post_id: "p1", like_count: 3, comment_count: 0 }];
  for (const order of [[liked, told], [liked, liked, told]]) {
    const { feed } = play(["page:feed", PAGE], ...order);
    assert.deepEqual(feed[0], { ...POST, liked: true, like_count: 3 });
    assert.equal(feed[1].like_count, 2);
  }
});

test("what is deleted is nowhere, with what answered it", () => {
  const said = [{ id: "c1", post_id: "p1" }, { id: "c2", post_id: "p1", reply_to: "c1" }, { id: "c3", post_id: "p1" }];
  const open = [["page:feed", PAGE], ["page:post", { post: POST, talk: said }]];
  assert.deepEqual(threads(said).map(({ id, answers }) => [id, answers.length]), [["c1", 1], ["c3", 0]]);
  assert.deepEqual(play(...open, ["page:unsaid", { id: "c1" }]).talk.map(({ id }) => id), ["c3"]);
  const gone = play(...open, ["page:post-gone", { id: "p1" }]);
  assert.deepEqual([gone.post, gone.talk, gone.feed.map(({ id }) => id)], [null, null, ["p0"]]);
});

test("a post has a place of its own", () => {
  assert.deepEqual(placeIn("#post/17"), { name: "post", id: "17" });
  assert.deepEqual(placeIn("#post"), { name: "meet" });
});
