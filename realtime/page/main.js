/**
 * The composition root of the page: its parts, and which of them gets which event.
 *
 * An event of the server changes the state first; then the parts that act on it get it, and the views draw the state.
 */

import { Account } from "./account.js";
import { Api } from "./api.js";
import { Awake } from "./awake.js";
import { Bell } from "./bell.js";
import { Call } from "./call.js";
import { openDevice } from "./device.js";
import { Devices } from "./devices.js";
import { Entering } from "./entering.js";
import { Frame } from "./frame.js";
import { Hold } from "./hold.js";
import { again, follow as followLanguage, styled, textsHere, textsInside } from "./language.js";
import { Links } from "./links.js";
import { Media } from "./media.js";
import { Meeting } from "./meeting.js";
import { Provider } from "./provider.js";
import { keepShell } from "./offline.js";
import { doorIn, letterIn, placeIn } from "./route.js";
import { Safety } from "./safety.js";
import { Session } from "./session.js";
import { Settings, keptSettings } from "./settings.js";
import { createStore, initial } from "./state.js";
import { speak, words } from "./texts.js";
import { forgetUnsent } from "./unsent.js";
import { accountView } from "./views/account.js";
import { callView } from "./views/call.js";
import { decisionsView } from "./views/decisions.js";
import { goTo, keepKeyboard, translate } from "./views/dom.js";
import { languageView } from "./views/language.js";
import { letterView } from "./views/letter.js";
import { meetView } from "./views/meet.js";
import { canRefuse, offerView } from "./views/offer.js";
import { reportView } from "./views/report.js";
import { shellView } from "./views/shell.js";
import { standingView } from "./views/standing.js";
import { themeView } from "./views/theme.js";
import { waysHere } from "./ways.js";
import english from "./words/en.js";

/** What only who is signed in needs (`inside.js`), in a file of its own (`realtime/bundle.py`). */
const INSIDE = "/page/inside.js";
const ITS_STYLE = "/page/inside.css";
const TICK_MS = 250;
const RETRY_MS = 2_000;

speak(await textsHere(english));
translate();

const device = openDevice();
const store = createStore({ state: initial({ heldCall: device.heldCall, settings: keptSettings() }), now: () => Date.now() });
const api = new Api();
const session = new Session({
  api,
  deviceId: device.id,
  onEvent: hear,
  onLink: (link) => store.dispatch("page:link", { link }),
  onEnd: (code) => (code === "banned" ? putOut() : end(store.state.deleting ? "deleted" : code)),
});
const remote = { stream: null };
const devices = new Devices();
const media = new Media({ choice: () => devices.choice, onEnded: (kind) => meeting.lost(kind), onTrack: (track) => call.send(track) });
const call = new Call({ session, media, onRemote: (stream) => ((remote.stream = stream), draw()) });
const [hold, frame, awake, bell] = [new Hold(), new Frame(), new Awake(), new Bell(() => devices.choice.rings)];
const meeting = new Meeting({ session, media, call, store, hold, canRefuse, upload: (picture) => api.uploadForReport(picture) });
const settings = new Settings({ api, store });
const safety = new Safety({ api, store, meeting, onOver: (error) => letIn(error) || end(error.code) });
const ways = waysHere();
const account = new Account({ api, store });
const links = new Links({ api, store, onEnd: end });
const entering = new Entering({ api, store, goTo, enter: (path, fields) => admitted(() => api.enter(path, { ...fields, device_id: device.id })) });
const provider = new Provider({ store, ways, entering });

const parts = { words, store, session, api, media, call, remote, meeting, settings, safety, devices, bell, frame, awake, ways, account, links, entering, provider, signUp, signIn, signOut, onLeft, onStays };
const views = [
  themeView,
  shellView,
  accountView,
  letterView,
  meetView,
  decisionsView,
  standingView,
  offerView,
  callView,
  reportView,
  languageView,
].map((view) => view(parts));
const hearing = [meeting, safety];
let [furnished, understood, invited] = [false, null, null];

function draw() {
  const now = Date.now();
  for (const view of views) view(store.state, now);
}

/** Redraw clocks and countdowns, and do what is due. */
function tick() {
  meeting.tick(Date.now());
  draw();
}

function hear(name, data) {
  store.dispatch(name, data);
  for (const part of hearing) part.heard(name, data);
}

/** Load what is said to who is signed in, in another language than English. */
function understand() {
  understood ??= textsInside().then((more) => {
    if (!more) return;
    speak(more);
    translate();
  });
  return understood;
}

/** Load what only who is signed in needs. */
async function furnish() {
  if (furnished) return;
  furnished = true;
  const [loaded] = await Promise.all([again(INSIDE, Infinity, ({ says }) => says === "all"), styled(ITS_STYLE)]);
  add(loaded.inside(parts));
  keepShell();
}

/** In front of the others: a dialog closes before the next one opens, so that the keyboard finds its way back. */
function add(more) {
  views.unshift(...more.views.map((view) => view(more.parts)));
  hearing.push(...more.hearing);
  draw();
  keepKeyboard();
}

// --- Signing in and out ---

async function signUp(fields) {
  await begin(await api.register({ ...fields, device_id: device.id }));
}

async function signIn(fields) {
  await admitted(() => api.login(fields));
}

/** Whoever has shown who they are is in; or as far in as one is who is banned. */
async function admitted(enter) {
  try {
    await begin(await enter());
  } catch (error) {
    if (!letIn(error)) throw error;
  }
}

async function begin({ user, restricted, erases_at }) {
  await understand();
  if (restricted === "erasing") {
    store.dispatch("page:erasing", { user, erases_at });
    return furnish();
  }
  store.dispatch("page:signed-in", { user });
  session.start();
  furnish();
  settings.load().then(followSettings);
  look();
  if (invited && store.state.place.name !== "join") goTo(`join/${invited}`);
  invited = null;
}

/** Their settings are in another language than the page: it is loaded again, unless something goes on by now, or a letter is read. */
function followSettings() {
  const { account, settings: own, encounter, letter } = store.state;
  if (account === "in" && encounter.phase === "lobby" && !letter) followLanguage(own.language);
}

/** What there is to see where one is, now that it is known who is here. */
function look() {
  safety.look();
  account.look();
  links.look();
  provider.look();
}

/** Whoever is banned and has shown who they are gets in as far as to see why, and to appeal. Returns whether that is so. */
function letIn({ code, details }) {
  if (code !== "banned" || !details?.token) return false;
  api.restrict(details.token);
  store.dispatch("page:banned", { until: details.until });
  safety.loadStanding();
  links.look();
  return true;
}

/** Banned while being here: what is kept of the session serves to be told why. */
function putOut() {
  leave();
  store.dispatch("page:put-out");
  stay();
}

/** The account is deleted; the connection may have heard so already. */
function onLeft() {
  if (store.state.account === "in") end("deleted");
}

/** It is not, after all: the same session goes on. */
async function onStays() {
  await begin(await api.refresh());
  keepKeyboard();
}

async function signOut() {
  session.stop();
  await api.signOut();
  end(null);
}

/** The session is over: the user signed out (null), or the server ended it (its code). */
function end(code) {
  leave();
  api.forget();
  settings.forget();
  forgetUnsent();
  store.dispatch("page:signed-out", { code });
  if (store.state.place.name !== "letter") location.hash = code ? "sign-in" : "welcome";
}

function leave() {
  session.stop();
  call.end();
  meeting.close();
}

/** The user who was signed in here still is, as soon as the server can be reached. */
async function stay() {
  if (!api.signedIn) return nobody();
  session.prepare();
  understand();
  try {
    await begin(await api.refresh());
  } catch (error) {
    if (letIn(error)) return;
    if (error.endsSession) return end(error.code);
    store.dispatch("page:unreachable");
    setTimeout(stay, error.retryAfterMs ?? RETRY_MS);
  }
}

function nobody() {
  store.dispatch("page:signed-out");
  links.look();
  provider.look();
}

/** Another tab signed out, in, or in as another user: this one follows. */
function follow({ key }) {
  if (key === settings.storageKey) settings.follow();
  const [here, there] = [store.state.account === "in" ? store.state.me.id : null, api.keptUser];
  if (key !== null && key !== api.storageKey) return;
  if (here !== null && there === null) end(null);
  else if (here !== there) location.reload();
}

// --- The place in the page ---

function go() {
  provider.open(location.hash);
  const letter = letterIn(location.hash);
  if (letter) {
    history.replaceState(null, "", "#letter"); // nobody finds its token in the address
    links.open(letter);
  }
  const found = placeIn(location.hash);
  if (found.name === "join" && store.state.account !== "in") invited = found.id; // on the way through signing up, the address changes
  const place = found.name === "letter" && !store.state.letter ? { name: "meet" } : found;
  // Nobody wants to be filmed while reading; a user who waits for a match has to be.
  if (place.name !== "meet") meeting.rest();
  store.dispatch("page:place", { place, door: doorIn(location.hash) });
  keepKeyboard();
  look();
  meeting.look();
}

store.listen(draw);
store.listen((state) => (device.heldCall = state.heldCall));
store.listen((state) => hold.keep(state.heldCall));
addEventListener("hashchange", go);
addEventListener("storage", follow);
addEventListener("pagehide", () => meeting.rest({ leaving: true }));
addEventListener("pageshow", () => meeting.look());
document.addEventListener("visibilitychange", () => (document.hidden ? meeting.rest() : meeting.look()));
document.addEventListener("visibilitychange", () => document.hidden || account.look());
setInterval(tick, TICK_MS);
go();
stay();

/** For the browser tests, which read the call's statistics, and why somebody waits. */
globalThis.realtimeConnect = { stats: () => call.stats(), explain: () => session.command("queue:explain") };
