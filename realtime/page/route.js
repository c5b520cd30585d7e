/** The places of the page, by what follows `#` in its address. Pure. A new one is a line here, and a view that shows it. */

/** Of each place the entry of the navigation that leads there. */
const PLACES = {
  meet: "meet",
  chats: "chats",
  room: "chats",
  profile: "profile",
  safety: "profile",
};

/** The place that an address names: `{name, id?}`, as of `#room/17`. */
export function placeIn(hash) {
  const [name, id] = hash.slice(1).split("/");
  if (!Object.hasOwn(PLACES, name) || (name === "room" && !id)) return { name: "meet" };
  return id ? { name, id } : { name };
}

/** The entry of the navigation that leads to a place. */
export function entryOf({ name }) {
  return PLACES[name];
}
