/**
 * The page's own views, drawn from states that its own rules make: every view with whatever others may write, without
 * having to live through it. `showScene(name, words)` draws; `looking.js` looks at what is drawn.
 */

import { speak } from "./page/texts.js";
import { initial, reduce } from "./page/state.js";
import { accountView } from "./page/views/account.js";
import { callView } from "./page/views/call.js";
import { callingView } from "./page/views/calling.js";
import { chatsView } from "./page/views/chats.js";
import { codesView } from "./page/views/codes.js";
import { connectionView } from "./page/views/connection.js";
import { contactsView } from "./page/views/contacts.js";
import { consentsView } from "./page/views/consents.js";
import { translate } from "./page/views/dom.js";
import { decisionsView } from "./page/views/decisions.js";
import { devicesView } from "./page/views/devices.js";
import { echoView } from "./page/views/echo.js";
import { findingView } from "./page/views/finding.js";
import { friendsView } from "./page/views/friends.js";
import { groupView } from "./page/views/group.js";
import { joinView, newGroupView } from "./page/views/grouping.js";
import { letterView } from "./page/views/letter.js";
import { loginsView } from "./page/views/logins.js";
import { meetView } from "./page/views/meet.js";
import { offerView } from "./page/views/offer.js";
import { ownEmailView } from "./page/views/own-email.js";
import { ownPasswordView } from "./page/views/own-password.js";
import { ownView } from "./page/views/own.js";
import { personView } from "./page/views/person.js";
import { photosView } from "./page/views/photos.js";
import { privacyView } from "./page/views/privacy.js";
import { profileView } from "./page/views/profile.js";
import { reportView } from "./page/views/report.js";
import { roomView } from "./page/views/room.js";
import { safetyView } from "./page/views/safety.js";
import { sessionsView } from "./page/views/sessions.js";
import { settingsView } from "./page/views/settings.js";
import { shellView } from "./page/views/shell.js";
import { standingView } from "./page/views/standing.js";

// In the language that the page has chosen, as it does itself.
const [outside, inside] = await Promise.all(["", "-inside"].map((part) => import(`./page/words/${document.documentElement.lang}${part}.js`)));
speak(outside.default, inside.default);
translate();

const NOW = Date.now();
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();
const TICKET = { id: "t1", mode: "video", state: "waiting", joined_at: at(-75) };
const DECISION = { you_decide: true, deadline: at(25) };

const LETTERS = [
  { kind: "reset", state: "open" }, { kind: "reset", state: "done" }, { kind: "reset", state: "failed", code: "expired" },
  { kind: "verify", state: "asking" }, { kind: "verify", state: "done", whose: "another" }, { kind: "verify", state: "failed", code: "unauthenticated" },
  { kind: "verify", state: "failed", code: "conflict" }, { kind: "verify", state: "failed", code: "offline" },
];

const PRIVACY = {
  show_age: true, show_city: true, show_country: false, show_last_seen: true, read_receipts: true, find_by_search: false, find_by_phone: true,
  hide_from_contacts: false, direct_calls: "connections", match_by_places: false,
};

const PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=";

function media(id, more = {}) {
  return { id, type: "image", state: "ready", width: 640, height: 480, blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj", urls: { s160: PICTURE, s640: PICTURE }, ...more };
}

function cast(words) {
  const peer = {
    user_id: "peer", display_name: words.name, age: 31, gender: "male", intent: "networking", languages: ["en", "de", "fr"],
    country: "DE", city: words.city, bio: words.bio,
  };
  const own = { email: `${words.username}@${words.username}.example`, status: "pending", verified: { email: false, phone: false } };
  const me = { ...peer, ...own, id: "me", username: words.username, seeking: { genders: ["male"], age_min: 18, age_max: 99 } };
  return { peer, me };
}

function scenes(words) {
  const { peer, me } = cast(words);
  const ready = { user: me, server_time: at(0), ticket: null, call: null, pending_decisions: [], unread: { rooms: {} }, recovered: false };
  const signedIn = [["page:signed-in", { user: me }], ["session:ready", ready], ["page:link", { link: "online" }]];
  const out = ["page:signed-out", { code: null }];
  const door = (name) => ["page:place", { place: { name: "meet" }, door: name }];
  const inLetter = ["page:place", { place: { name: "letter" } }];
  const withMedia = [...signedIn, ["page:media", { status: "ready" }]];
  const queued = [...withMedia, ["page:queued", { ticket: TICKET, waiting: 3, estimated_wait_ms: 32_000 }]];
  const icebreaker = { id: "i", text: words.bio, depth: 1 };
  const offer = {
    call_id: "c1", origin: "match", mode: "video", peer, auto_accept: true, expires_at: at(8), expires_in_ms: 8_000, icebreaker,
  };
  const offered = [...queued, ["call:offered", offer]];
  const accepted = [...offered, ["page:accepted", { call_id: "c1" }]];
  const started = (decider) => ["call:started", { call_id: "c1", epoch: 1, role: "offerer", ice_servers: [], decider, max_duration_s: 1800 }];
  const live = [...accepted, started("both"), ["call:state", { call_id: "c1", state: "live", deadline: at(1700), live_at: at(-65) }]];
  const [called, dialled] = [{ ...offer, origin: "direct", auto_accept: false, expires_in_ms: 28_000 }, { call_id: "c1", mode: "video", peer, expires_in_ms: 28_000 }];
  const relayed = { ice_transport_policy: "relay", may_go_direct: true };
  const asking = [
    ...accepted, ["call:started", { ...started("both")[1], ...relayed }], ["call:state", { call_id: "c1", state: "live", deadline: at(97), live_at: at(-1700) }],
    ["call:direct", { call_id: "c1", you: false, peer: true }], ["call:extend", { call_id: "c1", you: false, peer: true }],
    ["page:quality", { call_id: "c1", rtt_ms: 412, loss: 0.31, missed: 0.04 }],
  ];
  const echo = { ...offer, origin: "echo", peer: null };
  const ended = (more) => ["call:ended", { call_id: "c1", reason: "hung_up", duration_s: 65, ...more }];
  const room = { id: "r1", connection_id: "k1", peer, active: true, unread: 120, last_seq: 3, created_at: at(-90_000) };
  const said = (seq, sender_id) => ({ id: `m${seq}`, room_id: "r1", seq, sender_id, content: words.message, created_at: at(-90_000 + seq) });
  const rooms = [
    ...withMedia,
    ["page:rooms", { items: [{ ...room, last_message: said(3, "peer") }, { ...room, id: "r2", unread: 0, active: false, last_message: null }] }],
    ["page:history", { room_id: "r1", messages: [said(1, "me"), said(2, "peer"), said(3, "peer")], has_more: true }],
  ];
  const inRoom = ["page:place", { place: { name: "room", id: "r1" } }];
  const reply = { id: "m1", seq: 1, sender_id: "me", type: "text", content: words.message };
  const lately = (seq, sender_id, more) => ({ ...said(seq, sender_id), type: "text", created_at: at(-seq), ...more });
  const shown = [
    lately(4, "peer", { type: "image", media: media("p1"), reply_to: "m1", reply }),
    lately(5, "me", { type: "voice", content: null, media: { ...media("p2"), type: "audio", duration_ms: 65_000 }, waveform: Array.from({ length: 64 }, (_, n) => n * 4) }),
    lately(6, "peer", { type: "file", media: { ...media("p3"), type: "file", size: 70_000 }, reply_to: "gone" }),
    lately(7, "me", { type: "video", media: media("p4", { type: "video" }), edited_at: at(-1) }), lately(8, "peer", { deleted_at: at(-1), content: null }),
  ];
  const group = { ...room, id: "g1", kind: "group", group_id: "G1", name: words.name, peer: undefined, connection_id: undefined, role: "owner", member_count: 3, unread: 2, read_seq: 1 };
  const noted = (seq, system) => ({ ...said(seq, null), room_id: "g1", type: "system", system });
  const inGroup = [
    ...rooms, ["page:rooms", { items: [{ ...room, last_message: said(3, "peer") }, { ...group, last_message: { ...said(3, "peer"), room_id: "g1" } }] }],
    ["page:people", { room_id: "g1", people: { peer: { ...peer, member: true }, u1: { ...peer, user_id: "u1", member: true }, u2: null } }],
  ];
  const groupRoom = [
    ...inGroup, ["page:history", { room_id: "g1", has_more: true, messages: [noted(1, { kind: "created", user_id: "me" }), noted(2, { kind: "added", user_id: "u1", by: "peer" }), { ...said(3, "peer"), room_id: "g1" }, { ...said(4, "u2"), room_id: "g1" }] }],
    ...["peer", "u1", "u2"].map((user_id) => ["chat:typing", { room_id: "g1", user_id, typing: true }]), ["page:place", { place: { name: "room", id: "g1" } }],
  ];
  const inSafety = [...withMedia, ["page:place", { place: { name: "safety" } }]];
  const strike = (action, more) => ({ id: `s-${action}`, action, reason: words.message, at: at(-900), ...more });
  const strikes = [
    strike("suspend", { until: at(90_000) }), strike("ban", { appeal: { state: "refused", text: words.message } }), strike("warn"),
  ];
  const photographed = { ...peer, photo_url: PICTURE, photos: [media("m1"), media("m2"), media("m3")], videos: [media("m4", { type: "video" })] };
  const withPhotos = [
    ...withMedia, ["page:me", { me: { ...me, photos: [media("m1"), media("m2", { state: "processing" }), media("m3", { state: "refused", reason: words.message })], videos: [media("m4", { type: "video" })] } }],
  ];
  const [inProfile, inFriends] = ["profile", "friends"].map((name) => ["page:place", { place: { name } }]);
  const request = (id, box) => ({ id, box, user: { ...photographed, user_id: `u${id}` }, created_at: at(-9_000) });
  const withFriends = [
    ...rooms, ["page:friends", { items: [{ user: photographed, since: at(-9_000), room_id: "r1" }, { user: { ...peer, user_id: "p2" }, since: at(-9_000), room_id: "r2" }] }],
    ["page:friend-requests", { box: "in", items: [request("1", "in")] }], ["page:friend-requests", { box: "out", items: [request("2", "out")] }],
    ["page:suggestions", { items: [{ user: { ...peer, user_id: "p3" }, reason: "friends", count: 3 }] }],
    ["page:presences", { presences: [{ user_id: "peer", status: "offline", last_seen: at(-9_000) }, { user_id: "p2", status: "queuing" }] }],
  ];
  const logins = ["password", "google", "phone"].map((provider) => ({ id: provider, provider, hint: me.email, created_at: at(-90_000) }));
  const sessions = [true, false].map((current) => (
    { id: `s${current}`, current, user_agent: words.username, network: words.username, created_at: at(-90_000), last_used_at: at(-900) }
  ));
  const pastCall = { call_id: "c9", peer, mode: "video", started_at: at(-9_000), duration_s: 300 };
  const over = (name, decider, more = {}) => [...accepted, started(decider), ended({ decision: { ...DECISION, ...more } })];
  return {
    starting: [],
    welcome: [out],
    "sign up": [out, door("sign-up")],
    "sign up, second step": [out, ["page:entering", { entering: { way: "phone", lacks: "about-you" } }], door("about-you")],
    "sign in": [["page:signed-out", { code: "replaced" }], door("sign-in")],
    phone: [out, door("phone")],
    "one more code": [out, ["page:entering", { entering: { way: "google", lacks: "second" } }], door("second")],
    "forgot password": [out, door("forgot")],
    ...Object.fromEntries(LETTERS.flatMap((letter) => [
      [`letter ${Object.values(letter).join(" ")}, here`, [...signedIn, ["page:letter", { letter }], inLetter]],
      [`letter ${Object.values(letter).join(" ")}, elsewhere`, [["page:letter", { letter }], inLetter, out]],
    ])),
    lobby: withMedia,
    "lobby without camera": [...signedIn, ["page:media", { status: "refused" }], ["page:notice", { text: "microphone_lost" }]],
    "connection lost": [...withMedia, ["page:link", { link: "away" }]],
    "a short break": [...withMedia, ["page:cool-down", { retry_after_ms: 250_000 }]],
    waiting: queued,
    "waiting again": [...accepted, started("both"), ended({ reason: "skipped", ticket: TICKET })],
    "offer joining by itself": [...offered, ["page:joining", { call_id: "c1", after_ms: 2_500 }]],
    offer: [...queued, ["call:offered", { ...offer, auto_accept: false }]],
    "offer accepted": accepted,
    connecting: [...accepted, started("you")],
    "video call": live,
    "video call that begins blurred": [
      ...accepted, ["call:started", { ...started("both")[1], video_start: "blurred" }],
      ["call:state", { call_id: "c1", state: "live", deadline: at(1700), live_at: at(-1) }],
    ],
    "both off": [
      ...live, ["page:media", { audio: false, video: false }], ["call:media", { call_id: "c1", audio: false, video: false }],
    ],
    reconnecting: [...live, ["call:state", { call_id: "c1", state: "reconnecting", deadline: at(17) }]],
    "voice call": [...queued, ["call:offered", { ...offer, mode: "voice" }], ["page:accepted", { call_id: "c1" }], started("peer")],
    "report in a call": [...live, ["page:report", { subject: { type: "call", id: "c1" }, peer }]],
    "both decide": over("both", "both"),
    "I decide": over("you", "you"),
    "the other decides": over("peer", "peer", { you_decide: false }),
    "one yes will do": over("either", "either"),
    "said yes": [...over("both", "both"), ["page:voted", { call_id: "c1", connect: true }]],
    connected: [...over("both", "both"), ["decision:result", { call_id: "c1", outcome: "connected", connection: { id: "k", room_id: "r" } }]],
    "not connected": [...over("both", "both"), ["decision:result", { call_id: "c1", outcome: "not_connected" }]],
    "reported after the call": [...over("both", "both"), ["page:reported", { subject: { type: "call", id: "c1" }, peer, block: true }]],
    "report after the call": [...over("both", "both"), ["page:report", { subject: { type: "call", id: "c1" }, peer }]],
    "asked again after a reload": [
      ...withMedia, ["session:ready", { ...ready, pending_decisions: [{ call_id: "c1", peer, ...DECISION }] }],
    ],
    "somebody calls": [...withMedia, ["call:offered", called]],
    "somebody calls, and the microphone is refused": [...withMedia, ["call:offered", called], ["page:media", { status: "refused" }]],
    "calling somebody": [...rooms, inRoom, ["page:calling", dialled]],
    "somebody did not answer": [...rooms, inRoom, ["page:calling", dialled], ["call:ended", { call_id: "c1", reason: "no_answer", duration_s: 0 }]],
    "a call that was missed just now": [...withMedia, ["call:offered", called], ["call:ended", { call_id: "c1", reason: "no_answer", duration_s: 0 }]],
    "hearing oneself": [
      ...withMedia, ["call:offered", echo], ["page:accepted", { call_id: "c1" }], ["call:started", { ...started(null)[1] }],
      ["call:state", { call_id: "c1", state: "live", deadline: at(50), live_at: at(-10) }],
    ],
    "asked in a call": asking,
    "waiting for a yes in a call": [...asking, ["call:direct", { call_id: "c1", you: true, peer: false }], ["call:extend", { call_id: "c1", you: true, peer: false }]],
    devices: withMedia,
    "devices in a call": asking,
    elsewhere: [...signedIn, ["session:ready", { ...ready, call: { ...offer, state: "reconnecting", epoch: 3, role: "offerer", live_at: at(-5) } }]],
    chats: [...rooms, ["page:place", { place: { name: "chats" } }]],
    "a call that was missed": [...inSafety, ["page:person", { peer, call_id: "c9", missed: true }]],
    "somebody blocked": [...inSafety, ["page:blocks", { items: [{ user_id: "peer", display_name: words.name, created_at: at(-90_000) }] }], ["page:person", { peer }]],
    "warned in a call": [...live, ["page:standing", { standing: { status: "active", strikes: [strike("warn")] }, seen: "" }]],
    "warned in a call that begins blurred": [
      ...accepted, ["call:started", { ...started("both")[1], video_start: "blurred" }], ["call:state", { call_id: "c1", state: "live", deadline: at(1700), live_at: at(-1) }],
      ["page:standing", { standing: { status: "active", strikes: [strike("warn")] }, seen: "" }],
    ],
    "no chats": [...signedIn, ["page:place", { place: { name: "chats" } }]],
    room: [...rooms, inRoom],
    "room with pictures": [...rooms, ["page:history", { room_id: "r1", messages: shown, has_more: true }], inRoom, ["page:sending", { room_id: "r1", client_id: "o1", content: words.message, file: {}, type: "voice", preview: null }]],
    "acts of messages": [...rooms, ["page:history", { room_id: "r1", messages: shown, has_more: true }], inRoom],
    "search in all chats": [...rooms, ["page:place", { place: { name: "chats" } }]],
    "search in a room": [...rooms, inRoom],
    "room with writing": [
      ...rooms, ["chat:typing", { room_id: "r1", user_id: "peer", typing: true }], inRoom,
      ["page:sending", { room_id: "r1", client_id: "o1", content: words.message }],
      ["page:sending", { room_id: "r1", client_id: "o2", content: words.message }],
      ["page:send-failed", { room_id: "r1", client_id: "o2", why: { code: "rate_limited" } }],
      ["page:sending", { room_id: "r1", client_id: "o3", content: words.message, waits: true }],
    ],
    "room that asks for video": [
      ...rooms, ["page:video-requests", { items: [{ id: "v", connection_id: "k1", approver_id: "me", status: "pending", requested_at: at(-9) }] }], inRoom,
    ],
    "room that waits for video": [
      ...rooms, ["page:video-requests", { items: [{ id: "v", connection_id: "k1", approver_id: "peer", status: "pending", requested_at: at(-9) }] }], inRoom,
    ],
    "room that ended": [...rooms, ["connection:ended", { connection: { room_id: "r1" } }], inRoom],
    "room of a group": groupRoom,
    group: [...inGroup, ["page:friends", { items: [{ user: { ...peer, user_id: "u9" }, since: at(-9_000), room_id: "r9" }] }], ["page:place", { place: { name: "group", id: "G1" } }]],
    "new group": [...rooms, ["page:place", { place: { name: "new-group" } }]],
    "an invitation": [...rooms, ["page:place", { place: { name: "join", id: "code" } }]],
    "somebody's card": [...rooms, inRoom, ["page:person", { peer, room_id: "r1" }]],
    "report a message": [...rooms, inRoom, ["page:report", { subject: { type: "message", id: "m2" }, peer, quote: words.message }]],
    warned: [...withMedia, ["page:standing", { standing: { status: "active", strikes: [strike("warn")] }, seen: "" }]],
    "nothing on record": [
      ...inSafety, ["page:standing", { standing: { status: "active", strikes: [] }, seen: "" }], ["page:blocks", { items: [] }],
      ["page:past-calls", { items: [], next_cursor: null }],
    ],
    safety: [
      ...inSafety, ["page:standing", { standing: { status: "active", strikes }, seen: "" }],
      ["page:blocks", { items: [{ user_id: "peer", display_name: words.name, created_at: at(-90_000) }] }],
      ["page:past-calls", { items: [pastCall, { ...pastCall, call_id: "c8", started_at: null, ended_at: at(-9_000), origin: "direct", outgoing: true, reason: "declined", verdict: { code: "other_declined" } }], next_cursor: "n" }],
      ["page:consents", { items: ["terms", "analytics"].map((kind) => ({ kind, version: "2026-11", given: true, at: at(-9_000) })) }], ["page:notice", { text: "rate_limited", wait_ms: 90_000 }],
    ],
    suspended: [["page:banned", { until: at(90_000) }], ["page:standing", { standing: { status: "suspended", restricted_until: at(90_000), strikes }, seen: "" }]],
    banned: [["page:banned", { until: null }]],
    profile: [...withMedia, ["page:settings", { settings: { ...initial().settings, privacy: PRIVACY } }], ["page:place", { place: { name: "profile" } }]],
    "own account": [...withMedia, ["page:logins", { items: logins.slice(0, 1) }], ["page:place", { place: { name: "own" } }]],
    "own account, confirmed": [...withMedia, ["page:me", { me: { ...me, status: "active", verified: { email: true, phone: true } } }], ["page:logins", { items: logins }], ["page:sessions", { items: sessions }], ["page:place", { place: { name: "own" } }]],
    "profile with photos": [...withPhotos, inProfile],
    "photos on their way": [
      ...withPhotos, ["page:uploads", { uploads: ["sent", "refused", "waits"].map((key) => ({ key, list: "photos", file: { name: words.name }, preview: PICTURE })) }],
      ["page:upload-sent", { key: "sent", sent: 0.42 }], ["page:upload-refused", { key: "refused", why: { code: "invalid_request", message: words.message, details: { field: "file" } } }],
      inProfile,
    ],
    "no friends": [...withMedia, ["page:friends", { items: [] }], inFriends],
    friends: [...withFriends, inFriends],
    "a friend's card": [...withFriends, inFriends, ["page:person", { peer: photographed, introduced: true }]],
    "somebody who asks": [...withFriends, ["friend:removed", { user_id: "peer", room_id: "r1" }], inFriends, ["page:person", { peer: { ...photographed, user_id: "u1" } }]],
    "room of friends who are none any more": [...withFriends, ["friend:removed", { user_id: "peer", room_id: "r1" }], inRoom],
    "looking elsewhere": [...queued, ["page:place", { place: { name: "profile" } }]],
  };
}

/** Does nothing, whatever is asked of it: nobody presses anything here. */
const idle = new Proxy(() => {}, { get: (_, name) => (name === "then" ? undefined : idle), apply: () => idle });

/** Something bright in place of a camera, which is where white controls are hard to see. */
function picture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const paint = canvas.getContext("2d");
  setInterval(() => {
    paint.fillStyle = "#fff";
    paint.fillRect(0, 0, 640, 480);
  }, 100);
  return canvas.captureStream(5);
}

/** A group that one leads, with 200 letters wherever others write. */
const groups = {
  ...{ look: async () => {}, who: () => {}, know: () => {} },
  get open() {
    const { me } = store.state;
    const group = { id: "G1", room_id: "g1", name: me.display_name, description: me.bio, history: "all", role: "owner", member_count: 3, photo_url: null };
    const member = (user_id, role) => ({ user: { ...me, user_id }, role, joined_at: at(-90_000) });
    const invitations = [{ id: "i1", url: `https://example.com/#/join/${"c".repeat(43)}`, uses_left: 3, expires_at: at(90_000) }, { id: "i2", url: "https://example.com", uses_left: null, expires_at: at(90_000) }];
    return (opened ??= { id: "G1", group, members: [member("me", "owner"), member("u1", "admin"), member("u2", "member")], invitations });
  },
  preview: async () => ({ name: store.state.me.display_name, description: store.state.me.bio, member_count: 3, expires_at: at(90_000) }),
};
let opened = null;

const store = { state: initial(), dispatch: () => {}, listen: () => {} };
const [mine, theirs] = [{ stream: picture() }, { stream: picture() }];
const safety = {
  card: async () => (store.state.person.missed ? Promise.reject({ code: "not_found" }) : store.state.person.peer),
  loadBlocks: async () => {},
};
const frame = { of: () => new Promise(() => {}), look: () => {}, keep: () => {} };
const ways = { mail: true, sms: true, edit_window_s: 900, providers: { google: { address: "", client_id: "" }, apple: { address: "", client_id: "" } } };
/** Whatever is searched for, the last messages of the room are found. */
const chat = new Proxy(idle, { get: (_, name) => (name === "search" ? async () => ({ items: store.state.rooms.r1.messages, next_cursor: "more" }) : idle[name]) });
const camera = (at) => ({ deviceId: `camera-${at}`, label: `camera ${"W".repeat(60)}`, kind: "videoinput" });
const devices = { choice: { facing: "user", rings: true }, choose: () => {}, there: async () => ({ audio: [camera(1)], video: [camera(1), camera(2)], speaker: [camera(1)] }) };
const floating = { possible: true, is: false, toggle: () => {} };
const parts = { store, devices, floating, calling: idle, awake: idle, meeting: idle, chat, settings: idle, safety, session: idle, call: idle, bell: idle, frame, own: idle, photos: idle, friends: idle, groups, contacts: idle, media: mine, remote: theirs, ways, account: idle, links: idle, entering: idle, provider: idle, signUp: idle, signIn: idle, signOut: idle };
parts.connection = connectionView(parts);
const views = [shellView, accountView, letterView, meetView, decisionsView, chatsView, roomView, groupView, newGroupView, joinView, profileView, photosView, friendsView, findingView, contactsView, settingsView, privacyView, safetyView, standingView, ownView, ownEmailView, ownPasswordView, loginsView, sessionsView, consentsView, codesView, offerView, callView, personView, callingView, echoView, devicesView, reportView].map((view) => view(parts));

function draw(actions) {
  opened = null;
  store.state = actions.reduce((state, [type, data]) => reduce(state, { type, data, at: NOW }), initial());
  for (const view of views) view(store.state, NOW);
}

const running = () => document.getAnimations().filter(({ playState }) => playState === "running");

async function openDevices(name) {
  document.querySelector(name === "devices" ? "#preview-tools > :last-child" : ".strength").click();
  await new Promise((resume) => setTimeout(resume)); // what there is to choose from comes a moment later
}

async function search(name) {
  const all = name === "search in all chats";
  if (!all) document.querySelector('#room [aria-expanded="false"]').click();
  const form = document.querySelector(`${all ? "#rooms" : "#room"} form[role="search"]`);
  form.elements.q.value = "fun";
  form.requestSubmit();
  await new Promise((resume) => setTimeout(resume)); // what was found comes a moment later
}

globalThis.sceneNames = Object.keys(scenes({}));
globalThis.showScene = async (name, words) => {
  draw([["page:signed-out", { code: null }]]); // from nothing, as if one had just come
  draw(scenes(words)[name]);
  if (name.startsWith("devices")) await openDevices(name);
  if (name.startsWith("search in")) await search(name);
  if (name === "acts of messages") for (const one of document.querySelectorAll("#room-messages .more")) one.click();
  await new Promise((resume) => setTimeout(resume)); // what an invitation is to comes a moment later
  document.getElementById("report-frame").hidden = name !== "report in a call"; // as if something had been seen
  // What fades in is looked at when it is there. One that ends may begin another, as where a colour is inherited.
  for (let all; (all = running()).length; ) {
    for (const animation of all) animation.finish();
    await Promise.allSettled(all.map(({ finished }) => finished));
  }
};
