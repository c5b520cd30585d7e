/** Entry of the moderators' page: builds its parts, and feeds them what happens. */

import { Api } from "../api.js";
import { createStore } from "../state.js";
import { speak } from "../texts.js";
import english from "../words/en.js";
import { Desk } from "./desk.js";
import { listenToKeys } from "./keys.js";
import { PLACES, initial, reduce } from "./state.js";
import { appealsView } from "./views/appeals.js";
import { Asking } from "./views/asking.js";
import { auditView } from "./views/audit.js";
import { bansView } from "./views/bans.js";
import { caseView } from "./views/case.js";
import { callView } from "./views/call.js";
import { casesView } from "./views/cases.js";
import { frameView } from "./views/frame.js";
import { gateView } from "./views/gate.js";
import { mediaView } from "./views/media.js";
import { peopleView } from "./views/people.js";
import { personView } from "./views/person.js";
import { placeView, placesView } from "./views/places.js";
import { tellTimeLeft } from "./views/parts.js";

const RETRY_MS = 2_000;
const REFRESH_MS = 30_000;
const TICK_MS = 1_000;

speak(english);

const store = createStore({ state: initial(), now: () => Date.now(), step: reduce });
const api = new Api();
const desk = new Desk({ api, store, onEnd: end });
const asking = new Asking();
const parts = { store, desk, asking, signIn, signOut };
const views = [
  gateView,
  casesView,
  caseView,
  peopleView,
  personView,
  bansView,
  appealsView,
  mediaView,
  auditView,
  callView,
  placesView,
  placeView,
  frameView,
].map((view) => view(parts));

function draw() {
  for (const view of views) view(store.state);
}

async function signIn(fields) {
  await desk.enter(await api.login(fields));
}

async function signOut() {
  await api.signOut();
  end(null);
}

/** The session is over: the moderator signed out (null), or the server ended it (its code). */
function end(code) {
  api.forget();
  store.dispatch("out", { code });
}

/** Who was signed in here still is, as soon as the server can be reached. */
async function stay() {
  if (!api.signedIn) return store.dispatch("out", {});
  try {
    await desk.enter(await api.refresh());
  } catch (error) {
    if (error.endsSession) return end(error.code);
    store.dispatch("unreachable");
    setTimeout(stay, error.retryAfterMs ?? RETRY_MS);
  }
}

/** Another tab signed out, in, or in as another user: this one follows. */
function follow({ key }) {
  if (key !== null && key !== api.storageKey) return;
  const [here, there] = [store.state.me?.id ?? null, api.keptUser];
  if (here !== null && there === null) end(null);
  else if (here !== there) location.reload();
}

let shown = null;

function look() {
  if (location.hash === shown) return;
  shown = location.hash;
  const [name, id = null] = location.hash.slice(1).split("/");
  const place = PLACES.includes(name) ? { name, id } : { name: "cases", id: null };
  desk.forgetPictures();
  store.dispatch("place", { place });
  if (store.state.account === "in") desk.load();
}

store.listen(draw);
listenToKeys({ store, look });
addEventListener("hashchange", look);
addEventListener("storage", follow);
document.addEventListener("visibilitychange", () => !document.hidden && store.state.account === "in" && desk.refresh());
setInterval(() => !document.hidden && store.state.account === "in" && desk.refresh(), REFRESH_MS);
setInterval(() => tellTimeLeft() && draw(), TICK_MS);
look();
stay();
