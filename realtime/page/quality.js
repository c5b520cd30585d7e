/**
 * How good the connection of a call is, from the browser's own statistics. Pure.
 *
 * A report is what `RTCPeerConnection.getStats()` says at a time; a sample is what lies between two of them, as `call:quality` takes it:
 * `{rtt_ms?, jitter_ms?, loss?: 0..1, send_kbps?, receive_kbps?, path?}`, of what this side sends; and besides `missed`: the part that is
 * lost of what the other sends.
 */

/** From these on a connection has this many bars of four: the worst counts. */
const BARS = [
  { bars: 1, rtt_ms: 800, loss: 0.15 },
  { bars: 2, rtt_ms: 400, loss: 0.05 },
  { bars: 3, rtt_ms: 200, loss: 0.02 },
];
/** Fewer packets say nothing about what is lost. */
const ENOUGH = 20;

/** What a report says that is needed later: counters of now. `at` in ms. */
export function counted(report, at) {
  const entries = [...report.values()];
  const of = (type) => entries.filter((entry) => entry.type === type);
  const sum = (all, name) => all.reduce((total, entry) => total + (entry[name] ?? 0), 0);
  const [inbound, outbound] = [of("inbound-rtp"), of("outbound-rtp")];
  const pair = pairIn(entries);
  const remote = of("remote-inbound-rtp");
  const times = (all, name) => all.map((entry) => entry[name]).filter((seconds) => seconds !== undefined);
  const [rtt = pair?.currentRoundTripTime] = times(remote, "roundTripTime");
  const jitter = times(remote, "jitter");
  return {
    at,
    received: sum(inbound, "packetsReceived"),
    lost: sum(inbound, "packetsLost"),
    receivedBytes: sum(inbound, "bytesReceived"),
    sentBytes: sum(outbound, "bytesSent"),
    sent: sum(outbound, "packetsSent"),
    theyLost: sum(remote, "packetsLost"),
    rtt_ms: rtt === undefined ? undefined : Math.round(rtt * 1000),
    jitter_ms: jitter.length ? Math.round(Math.max(...jitter) * 1000) : undefined,
    path: pathIn(entries, pair),
  };
}

/** What has happened between two reports. */
export function sample(before, now) {
  const seconds = (now.at - before.at) / 1000;
  const kbps = (name) => Math.max(0, Math.round(((now[name] - before[name]) * 8) / 1000 / seconds));
  const { rtt_ms, jitter_ms, path } = now;
  const theyLost = now.theyLost - before.theyLost;
  return {
    ...(rtt_ms !== undefined && { rtt_ms }),
    ...(jitter_ms !== undefined && { jitter_ms }),
    ...part("loss", theyLost, now.sent - before.sent - theyLost),
    send_kbps: kbps("sentBytes"),
    receive_kbps: kbps("receivedBytes"),
    ...(path && { path }),
    ...part("missed", now.lost - before.lost, now.received - before.received),
  };
}

/** The part that is lost; nothing where too little was sent to say. */
function part(name, lost, arrived) {
  const all = Math.max(0, lost) + Math.max(0, arrived);
  return all < ENOUGH ? {} : { [name]: Math.round((Math.max(0, lost) / all) * 1000) / 1000 };
}

/** From one, bad, to four bars. */
export function bars({ rtt_ms = 0, loss = 0, missed = 0 }) {
  const worst = Math.max(loss, missed);
  return BARS.find((from) => rtt_ms >= from.rtt_ms || worst >= from.loss)?.bars ?? 4;
}

/** The candidate pair that is in use. */
function pairIn(entries) {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const chosen = entries.find((entry) => entry.type === "transport" && entry.selectedCandidatePairId);
  return (
    byId.get(chosen?.selectedCandidatePairId) ??
    entries.find((entry) => entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded")
  );
}

function pathIn(entries, pair) {
  const of = (id) => entries.find((entry) => entry.id === id);
  const [local, remote] = [of(pair?.localCandidateId), of(pair?.remoteCandidateId)];
  if (!local || !remote) return undefined;
  return { local: local.candidateType, remote: remote.candidateType, protocol: local.relayProtocol ?? local.protocol };
}

/** The path that the media takes, `{local, remote, protocol}`, such as `host`, `srflx`, `udp`; undefined if unknown. */
export function pathOf(report) {
  const entries = [...report.values()];
  return pathIn(entries, pairIn(entries));
}
