/** What one has earned, the code that is shown, and what staff have before them. Pure. Null: not read yet, or nothing there. */

/**
 * `work`: the partners for whom one works. `showing`: the code that is on the screen, `{path, picture?, expires_at?}` with the path at which
 * the next one is asked for. `handed`: the reward whose code was shown, and that was redeemed meanwhile. `counter`: what was scanned, and
 * what came of it. `figures`: of one partner, by day. `visits`: `{place, items}`, what counts of today's check-ins there.
 */
export const NO_REWARDS = { rewards: null, work: null, showing: null, handed: null, counter: null, figures: null, visits: null };

/** Where the codes of a reward are, and those that a place shows. */
export const codesOf = { reward: (id) => `/v1/rewards/${id}/qr`, place: (id) => `/v1/locations/${id}/code` };

export const REWARDS = {
  "page:rewards": (state, { rewards, work }) => {
    const shown = rewards.find(({ id }) => codesOf.reward(id) === state.showing?.path);
    const over = shown && shown.state !== "open";
    const looked = over ? shown.id : state.handed?.id;
    const handed = rewards.find(({ id, state: is }) => id === looked && is === "redeemed") ?? null;
    return { ...state, rewards, work, handed, ...(over && { showing: null }) };
  },

  "page:showing": (state, { showing }) => ({ ...state, showing, handed: showing ? null : state.handed }),

  /** `{scanned, code, place, key}`: what redeeming that would do; then also `redemption`. Null: nothing before one. */
  "page:counter": (state, { counter }) => ({ ...state, counter }),

  "page:figures": (state, { figures }) => ({ ...state, figures }),

  "page:visits": (state, { visits }) => ({ ...state, visits }),
};

/** For so long the server takes a code that is over, as hands and clocks need it; so it stays until the next one is there. */
const STAYS_MS = 5_000;

/** The picture of the code at this time of the server; null: there is none, or none that counts. */
export function pictureNow({ showing }, now) {
  return showing?.picture && now < Date.parse(showing.expires_at) + STAYS_MS ? showing.picture : null;
}

/** In how many ms the next code is asked for: so long before this one is over. */
export function nextIn(expiresAt, now, ahead) {
  return Math.max(1000, Date.parse(expiresAt) - now - ahead);
}

/** The rewards that can be redeemed, and the others. */
export function sorted(rewards) {
  const open = ({ state, type }) => state === "open" && type !== "badge";
  return [rewards.filter(open), rewards.filter((reward) => !open(reward))];
}

/** The partner at one of whose places somebody stands. */
export function partnerOf(work, place) {
  return work?.find(({ locations }) => locations.some(({ id }) => id === place)) ?? null;
}

/** The days on which anything was, the newest first. */
export function lively({ days }) {
  return days.filter(({ granted, redeemed, reversed, expired }) => granted + redeemed + reversed + expired > 0).reverse();
}
