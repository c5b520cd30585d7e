/**
 * The state of meeting somebody: lobby, waiting, offered, call, over. Pure.
 *
 * Of a call that the user makes, to somebody whom they know (`origin` `direct`) or to the server itself, to see and hear themselves
 * (`echo`, which has no `peer`), `offered` is the time in which it rings there (`outgoing`). Whoever waits in the queue meanwhile goes on
 * waiting: `kept`.
 *
 * Events may come twice, and after a reconnection they may repeat what `session:ready` has said already: an event of
 * a call that is not the current one changes nothing.
 */

const LOBBY = { phase: "lobby" };

/** The state that `session:ready` describes; on recovery the events that were missed follow. */
export function arrive(state, { call, ticket, pending_decisions, recovered }) {
  const decisions = pending_decisions.map((pending) => ({ ...known(state, pending.call_id), ...pending }));
  const settled = state.decisions.filter((old) => old.outcome && !decisions.some((d) => d.call_id === old.call_id));
  return { ...state, decisions: [...decisions, ...settled], ...standing(state, { call, ticket, recovered }) };
}

function standing(state, { call, ticket, recovered }) {
  const { encounter } = state;
  if (call) return { encounter: present(state, call, ticket) };
  if (ticket) return { encounter: waitingWith(encounter, ticket) };
  const begun = encounter.phase !== "lobby" && encounter.phase !== "over";
  if (!begun || recovered) return {};
  return { encounter: LOBBY, heldCall: null, notice: encounter.phase === "waiting" ? "timed_out" : "ended_meanwhile" };
}

function present(state, call, ticket) {
  const before = state.encounter.call_id === call.call_id ? state.encounter : {};
  const held = state.heldCall === call.call_id;
  if (call.state === "offered") {
    const theirs = call.outgoing || call.origin === "echo"; // they call from another tab or device
    if (theirs && !held) return elsewhere(call, { epoch: 0, free: false });
    const until = Date.parse(call.expires_at) - state.skew;
    const waits = call.origin === "direct" && ticket ? waitingWith({}, ticket) : null;
    return { auto_accept: held, joining: null, kept: waits, ...before, ...pick(call, OFFER), until, phase: "offered", accepted: held };
  }
  if (!held) return elsewhere(call, { epoch: call.epoch, free: call.state === "reconnecting" });
  return { peerMedia: { audio: true, video: true }, ...before, ...pick(call, CALL), phase: "call" };
}

/** Another device has the call. `free`: that one is gone, as far as we can tell, so this one may take over. */
function elsewhere({ call_id, peer, mode }, { epoch, free }) {
  return { phase: "elsewhere", call_id, peer, mode, epoch, free };
}

const OFFER = ["call_id", "origin", "mode", "peer", "outgoing"];
/** What `call:started` says of it too. */
const STARTED = ["epoch", "role", "decider", "max_duration_s", "video_start", "ice_transport_policy", "may_go_direct", "direct"];
const CALL = ["call_id", "origin", "mode", "peer", "state", "live_at", "deadline", "extend", ...STARTED];

function pick(source, names) {
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

const UNDECIDED = { decider: null, vote: null, outcome: null };

function known(state, callId) {
  return state.decisions.find((decision) => decision.call_id === callId) ?? UNDECIDED;
}

/** The ticket with which they wait while somebody calls them. */
function kept({ phase, ...encounter }) {
  return phase === "waiting" ? { ...encounter, phase } : (encounter.kept ?? null);
}

function waitingWith(encounter, ticket, more = {}) {
  const same = encounter.phase === "waiting" && encounter.ticket.id === ticket.id ? encounter : {};
  return { waiting: null, estimated_wait_ms: null, relaxed: [], after: null, ...same, ...more, phase: "waiting", ticket };
}

function isCurrent(state, data) {
  return state.encounter.call_id === data.call_id;
}

function changeEncounter(state, changes) {
  return { ...state, encounter: { ...state.encounter, ...changes } };
}

function changeDecision(state, callId, changes) {
  const decisions = state.decisions.map((d) => (d.call_id === callId ? { ...d, ...changes } : d));
  return { ...state, decisions };
}

/** Why a call has ended that this user did not end; `leaving` is what the user did, if anything. */
function ended(state, data) {
  const { encounter } = state;
  const { call_id, peer = null, leaving = null, origin, outgoing = false } = encounter;
  const after = { call_id, peer, origin, outgoing, reason: data.reason, mine: leaving, reported: data.reason === "reported" };
  const left = { ...state, heldCall: null };
  if (origin === "echo") return { ...left, encounter: LOBBY, notice: data.reason === "hung_up" ? state.notice : "echo_ended" };
  if (encounter.kept && data.reason !== "other_device") return { ...left, encounter: { ...encounter.kept, after } };
  if (data.ticket) return { ...left, encounter: waitingWith(encounter, data.ticket, { after }) };
  if (data.reason === "other_device") return { ...left, encounter: elsewhere(encounter, { epoch: 0, free: false }) };
  if (encounter.phase === "elsewhere") return { ...left, encounter: LOBBY };
  const over = { phase: "over", duration_s: data.duration_s, mode: encounter.mode, ...after };
  return { ...left, encounter: over };
}

function asked(state, { call_id, decision }) {
  if (!decision || state.decisions.some((d) => d.call_id === call_id)) return state;
  const { peer, decider = null } = state.encounter;
  return { ...state, decisions: [...state.decisions, { ...UNDECIDED, call_id, peer, decider, ...decision }] };
}

/** Whether the other's picture is blurred, until the user asks to see it. */
export function veiled({ video_start, unveiled = false }) {
  return video_start === "blurred" && !unveiled;
}

/** Seconds before its end in which a call says so (`CALL_WARNING_S`). */
const SOON_S = 120;
/** Hearing oneself is short anyway. */
const ECHO_SOON_S = 15;

/** Whether there is something to say about the end of a call, so many seconds before it. */
export function endsSoon({ phase, state, origin }, left) {
  return phase === "call" && state === "live" && left !== null && left <= (origin === "echo" ? ECHO_SOON_S : SOON_S);
}

/** What can be said about more time: nothing where there is none, or who has asked for it: `nobody`, `you`, `peer`. */
export function longer({ origin, extend }) {
  const { you = false, peer = false } = extend ?? {};
  if (origin === "echo" || (you && peer)) return null;
  return you ? "you" : peer ? "peer" : "nobody";
}

export const ENCOUNTER = {
  "page:queued": (state, { ticket, waiting, estimated_wait_ms }) =>
    // An offer may overtake the acknowledgement.
    ["offered", "call"].includes(state.encounter.phase)
      ? state
      : { ...state, notice: null, encounter: waitingWith(state.encounter, ticket, { waiting, estimated_wait_ms }) },

  "queue:updated": (state, { waiting, estimated_wait_ms, relaxed }) =>
    state.encounter.phase === "waiting" ? changeEncounter(state, { waiting, estimated_wait_ms, relaxed }) : state,

  "queue:left": (state, { ticket_id, reason }) => {
    const { encounter } = state;
    if (encounter.kept?.ticket.id === ticket_id) return changeEncounter(state, { kept: null });
    const mine = encounter.phase === "waiting" && encounter.ticket.id === ticket_id;
    if (!mine || reason === "matched") return state;
    return { ...state, encounter: LOBBY, notice: reason === "left" ? null : reason };
  },

  "page:lobby": (state) => ({
    ...state,
    encounter: LOBBY,
    decisions: state.decisions.filter((decision) => !decision.outcome),
  }),

  "call:offered": (state, offer, at) => {
    if (isCurrent(state, offer) && !state.encounter.outgoing) return state; // else both call each other, and theirs was first
    // Its length is used and not its end, because the clocks of two machines differ.
    const until = offer.expires_in_ms ? at + offer.expires_in_ms : Date.parse(offer.expires_at) - state.skew;
    const called = offer.origin === "direct" && { kept: kept(state.encounter) };
    return { ...state, notice: null, encounter: { ...offer, ...called, phase: "offered", until, joining: null, accepted: false } };
  },

  /** It rings at somebody whom the user calls; where they call each other, the call of the other was faster. */
  "page:calling": (state, { expires_in_ms = null, ...call }, at) => {
    if (isCurrent(state, call)) return changeEncounter(state, { auto_accept: true });
    const until = expires_in_ms === null ? null : at + expires_in_ms;
    const encounter = { ...call, origin: "direct", outgoing: true, phase: "offered", until, joining: null, accepted: true };
    return { ...state, notice: null, heldCall: call.call_id, encounter };
  },

  /** The page accepts by itself in `after_ms`; null: it does not. */
  "page:joining": (state, { call_id, after_ms }, at) =>
    isCurrent(state, { call_id })
      ? changeEncounter(state, { joining: after_ms === null ? null : { since: at, until: at + after_ms } })
      : state,

  "page:accepted": (state, { call_id }) =>
    isCurrent(state, { call_id }) ? { ...changeEncounter(state, { accepted: true }), heldCall: call_id } : state,

  "call:started": (state, started) => {
    if (!isCurrent(state, started) || started.epoch < (state.encounter.epoch ?? 0)) return state;
    const before = { state: "connecting", peerMedia: { audio: true, video: true }, live_at: null, deadline: null };
    return {
      ...state,
      heldCall: started.call_id,
      encounter: { ...before, ...state.encounter, ...pick(started, STARTED), phase: "call" },
    };
  },

  "call:state": (state, data) =>
    isCurrent(state, data) && state.encounter.phase === "call"
      ? changeEncounter(state, {
          state: data.state,
          deadline: data.deadline ?? null,
          live_at: data.live_at ?? state.encounter.live_at,
        })
      : state,

  "call:media": (state, { call_id, audio, video }) =>
    isCurrent(state, { call_id }) ? changeEncounter(state, { peerMedia: { audio, video } }) : state,

  /** Who has asked so far to see each other's addresses, or for more time. */
  "call:direct": (state, { call_id, you, peer }) => (isCurrent(state, { call_id }) ? changeEncounter(state, { direct: { you, peer } }) : state),

  "call:extend": (state, { call_id, you, peer }) => (isCurrent(state, { call_id }) ? changeEncounter(state, { extend: { you, peer } }) : state),

  /** How good the connection is (`quality.js`). */
  "page:quality": (state, { call_id, ...quality }) => (isCurrent(state, { call_id }) ? changeEncounter(state, { quality }) : state),

  /** The user asks to see the other, whose picture was blurred at the beginning. */
  "page:unveiled": (state, { call_id }) =>
    isCurrent(state, { call_id }) ? changeEncounter(state, { unveiled: true }) : state,

  "page:leaving": (state, { call_id, how }) =>
    isCurrent(state, { call_id }) ? changeEncounter(state, { leaving: how }) : state,

  "call:ended": (state, data) => (isCurrent(state, data) ? ended(asked(state, data), data) : state),

  /** Why the call that is over went as it did. */
  "page:verdict": (state, { call_id, verdict }) =>
    isCurrent(state, { call_id }) && state.encounter.phase === "over" ? changeEncounter(state, { verdict }) : state,

  /** Whether the device that has the call is gone, so that this one may take it over. */
  "page:holder": (state, { call_id, gone }) =>
    isCurrent(state, { call_id }) && state.encounter.phase === "elsewhere" ? changeEncounter(state, { free: gone }) : state,

  "page:voted": (state, { call_id, connect }) => changeDecision(state, call_id, { vote: connect }),

  "decision:result": (state, { call_id, outcome, connection }) =>
    changeDecision(state, call_id, { outcome, connection: connection ?? null }),

  "page:decision-seen": (state, { call_id }) => ({
    ...state,
    decisions: state.decisions.filter((decision) => decision.call_id !== call_id),
  }),
};
