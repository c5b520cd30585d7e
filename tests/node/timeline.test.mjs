/** How the moderators' page draws a call. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { details, drawing, told } from "../../realtime/page/admin/timeline.js";

const [ANA, BEN] = ["ana", "ben"];
const at = (seconds) => new Date(Date.UTC(2026, 0, 31) + seconds * 1000).toISOString();
const note = (seconds, kind, user_id, data = {}) => ({ at: at(seconds), kind, data, ...(user_id && { user_id }) });
const CALL = {
  call: { users: [ANA, BEN] },
  events: [
    note(0, "offered"),
    note(1, "accepted", BEN, { device: "3f9a01" }),
    note(2, "started", null, { epoch: 1 }),
    note(4, "live"),
    note(6, "lost", ANA),
    note(6, "reconnecting"),
    note(7, "started", null, { epoch: 2 }),
    note(8, "live"),
    note(10, "ended", ANA),
  ],
};

test("a call is drawn as the states that it was in, each as long as it was, and a mark for what happened at a side", () => {
  const { states, marks } = drawing(CALL);
  assert.deepEqual(
    states.map(({ state, from, to }) => [state, from, to]),
    [
      ["offered", 0, 0.2],
      ["connecting", 0.2, 0.4],
      ["live", 0.4, 0.6],
      ["reconnecting", 0.6, 0.8],
      ["live", 0.8, 1],
      ["over", 1, 1],
    ],
  );
  assert.deepEqual(marks, [
    { at: 0.1, kind: "accepted", lane: 2, bad: false },
    { at: 0.6, kind: "lost", lane: 0, bad: true },
  ]);
});

test("a call of which there is one note is drawn too", () => {
  const { states } = drawing({ call: { users: [ANA] }, events: [note(5, "offered")] });
  assert.deepEqual(states, [{ state: "offered", from: 0, to: 1 }]);
});

test("each note says how long after the first it was, and what it says", () => {
  assert.deepEqual(
    told(CALL).map(({ after, bad }) => [after, bad])[4],
    ["+6.0 s", true],
  );
  assert.equal(details({ epoch: 1, host: 2, auto_accept: true, lost: [ANA] }), "epoch 1, host 2, auto accept yes, lost 1");
});
