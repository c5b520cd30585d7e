/**
 * What the moderators' page shows, as a pure function of what has happened. Views only draw it.
 *
 * Lists and things are loaded by name; a thing is one case or one person. `status` is `idle loading ready failed`.
 */

const NO_LIST = { status: "idle", items: [], next: null, error: null };
const NO_THING = { status: "idle", value: null, error: null };
const LISTS = ["cases", "people", "bans", "appeals", "media", "audit", "places"];

/**
 * The places of the page. A case, a person and a place on the map have an id; the audit log may be one person's, and a call is looked
 * for by its id.
 */
export const PLACES = [...LISTS, "case", "person", "call", "place"];

/**
 * `account`: `unknown`, `out`, `stranger` (no moderator), `factor` (a one-time code is needed), `proof` (the password is, before
 * codes are set up), or `in`.
 */
export function initial() {
  return {
    account: "unknown",
    reachable: true,
    farewell: null,
    me: null,
    secret: null,
    place: { name: "cases", id: null },
    filter: { state: "", reason: "" },
    q: "",
    sought: "",
    lists: Object.fromEntries(LISTS.map((name) => [name, NO_LIST])),
    things: { case: NO_THING, person: NO_THING, call: NO_THING, place: NO_THING },
    pictures: { shown: false, addresses: {} },
    looks: {},
    busy: false,
    from: null,
    notice: null,
    said: "",
  };
}

const CHANGES = {
  in: (state, { me }) => ({ ...state, account: "in", me, secret: null, farewell: null, reachable: true, notice: null }),

  out: (state, { code }) => ({ ...initial(), account: "out", farewell: code ?? null, place: state.place }),

  stranger: (state, { me }) => ({ ...initial(), account: "stranger", me, place: state.place }),

  /** `secret`: of one-time codes that are to be turned on; null: they are on. */
  factor: (state, { me, secret }) => ({ ...initial(), account: "factor", me, secret, place: state.place }),

  proof: (state, { me }) => ({ ...initial(), account: "proof", me, place: state.place }),

  unreachable: (state) => ({ ...state, reachable: false }),

  /** Another place, or the same again. What was shown of another person goes at once. */
  place(state, { place }) {
    const things = Object.fromEntries(
      Object.entries(state.things).map(([name, thing]) => [
        name,
        place.name === name && place.id === state.place.id ? thing : NO_THING,
      ]),
    );
    const from = { case: state.place, media: state.place, person: state.from }[state.place.name] ?? null; // where the way to a person began
    const audit = place.name === "audit" ? NO_LIST : state.lists.audit;
    const lists = { ...state.lists, audit };
    const begun = { notice: null, said: "", pictures: initial().pictures, looks: {} };
    return { ...state, ...begun, place, from: place.name === "person" ? from : null, things, lists };
  },

  filter: (state, { filter }) => ({ ...state, filter, lists: { ...state.lists, cases: NO_LIST } }),

  search: (state, { q }) => ({ ...state, q, lists: { ...state.lists, people: NO_LIST } }),

  /** The same among places. */
  seek: (state, { sought }) => ({ ...state, sought, lists: { ...state.lists, places: NO_LIST } }),

  "list:loading": (state, { name }) => withList(state, name, { status: "loading", error: null }),

  "list:ready": (state, { name, items, next, more }) =>
    withList(state, name, { status: "ready", items: more ? [...state.lists[name].items, ...items] : items, next }),

  "list:failed": (state, { name, error }) => withList(state, name, { status: "failed", error }),

  "thing:loading": (state, { name }) => withThing(state, name, { status: "loading", error: null }),

  "thing:ready": (state, { name, value }) =>
    withThing(state, name, { status: "ready", value: { ...state.things[name].value, ...value } }),

  "thing:failed": (state, { name, error }) => withThing(state, name, { status: "failed", value: null, error }),

  pictures: (state, changes) => ({ ...state, pictures: { ...state.pictures, ...changes } }),

  /** A picture of somebody's profile, by the id of its media: whether it is `shown`, and where it is once it was fetched. */
  look: (state, { id, ...changes }) => ({ ...state, looks: { ...state.looks, [id]: { ...state.looks[id], ...changes } } }),

  /** What was decided on a picture of a profile, wherever it is listed. */
  reviewed(state, { item }) {
    const within = (items) => items?.map((one) => (one.id === item.id ? item : one));
    const things = Object.entries(state.things).map(([name, thing]) => [
      name,
      thing.value?.media ? { ...thing, value: { ...thing.value, media: within(thing.value.media) } } : thing,
    ]);
    const media = { ...state.lists.media, items: within(state.lists.media.items) };
    return { ...state, lists: { ...state.lists, media }, things: Object.fromEntries(things) };
  },

  busy: (state, { busy }) => ({ ...state, busy }),

  notice: (state, { text }) => ({ ...state, notice: text, said: "" }),

  /** That what a moderator did is done. */
  said: (state, { text }) => ({ ...state, said: text }),
};

function withList(state, name, changes) {
  return { ...state, lists: { ...state.lists, [name]: { ...state.lists[name], ...changes } } };
}

function withThing(state, name, changes) {
  return { ...state, things: { ...state.things, [name]: { ...state.things[name], ...changes } } };
}

/** The state after an action; an unknown action changes nothing. */
export function reduce(state, { type, data = {} }) {
  return Object.hasOwn(CHANGES, type) ? CHANGES[type](state, data) : state;
}

/** What a moderator can do with a case now; `mine`: they have claimed it. */
export function options({ state, claimed_by, claimed_until }, me, now) {
  const claimed = state === "claimed" && Date.parse(claimed_until) > now;
  const mine = claimed && claimed_by === me.id;
  const open = state !== "decided" && (!claimed || mine);
  return { claimed, mine, claim: open, decide: open, undo: state === "decided" };
}

/** The pictures that belong to a report: what was sent with it, and those of a post. */
export function picturesOf({ content, media_id }) {
  return [media_id, ...(content?.reported?.media_ids ?? [])].filter(Boolean);
}
