/** The places of the page, by what follows `#` in its address. Pure. A new one is a line here, and a view that shows it. */

/** Of each place the entry of the navigation that leads there. */
const PLACES = {
  meet: "meet",
  chats: "chats",
  room: "chats",
  group: "chats",
  "new-group": "chats",
  join: "chats",
  friends: "friends",
  feed: "feed",
  post: "feed",
  notifications: "notifications",
  profile: "profile",
  safety: "profile",
  own: "profile",
  places: "profile",
  mentors: "profile",
  "check-in": "profile",
  journey: "profile",
  rewards: "profile",
  counter: "profile",
  "place-code": "profile",
  data: "profile",
  letter: "meet",
};

/** The steps of who is not signed in, in the same way. */
const DOORS = ["welcome", "sign-up", "about-you", "sign-in", "forgot", "phone", "second"];

/** Links in mails bring a token along: `#verify=…`, `#reset=…`. */
const LETTERS = ["verify", "reset"];

/** The place that an address names: `{name, id?}`, as of `#room/17`, and of `#room/17/4` which message, by its `seq`; links that are sent to others begin with `#/`. */
export function placeIn(hash) {
  const [name, id, seq] = hash.replace(/^#\/?/, "").split("/");
  if (!Object.hasOwn(PLACES, name) || (["room", "group", "join", "post", "check-in", "place-code"].includes(name) && !id)) return { name: "meet" };
  if (name === "room" && /^[1-9]\d{0,15}$/.test(seq ?? "")) return { name, id, seq: Number(seq) };
  return id ? { name, id } : { name };
}

/** The step that an address names to who is not signed in. */
export function doorIn(hash) {
  const name = hash.slice(1);
  return DOORS.includes(name) ? name : "welcome";
}

/** What a link in a mail has brought: `{kind, token}`; null: nothing. */
export function letterIn(hash) {
  const [kind, token] = hash.slice(1).split("=");
  return LETTERS.includes(kind) && token ? { kind, token } : null;
}

/** The entry of the navigation that leads to a place. */
export function entryOf({ name }) {
  return PLACES[name];
}
