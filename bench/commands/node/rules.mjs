// What may be sent. Each check throws a Refusal, whose code the client is told.
import { isIP } from "node:net";

export class Refusal extends Error {
  constructor(code, message = code, more = {}) {
    super(message);
    this.error = { code, message, ...more };
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CANDIDATE =
  /^candidate:[A-Za-z0-9+/]{1,32} [12] (udp|tcp) (\d{1,10}) (\S{1,255}) (\d{1,5}) typ (host|srflx|prflx|relay)((?: \S+ \S+)*)$/i;
const MDNS = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}\.local$/;
const MID = /^[!#-'*+.0-9A-Z^-~-]{1,32}$/;
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;
const FINGERPRINT = /^sha-(256|384|512) [0-9A-F]{2}(:[0-9A-F]{2})*$/i;
const SDP = /^(?:[a-z]=[ -~]*\r\n)+$/;
const MEDIA =
  /^(?:(audio|video) (\d{1,5}) (?:UDP|TCP)\/TLS\/RTP\/SAVPF(?: \d{1,3}){1,128}|(application) (\d{1,5}) (?:UDP|TCP)\/DTLS\/SCTP webrtc-datachannel)$/;
const ORIGIN = /^\S+ \d{1,20} \d{1,20} IN IP[46] (\S+)$/;
const SETUPS = { offer: new Set(["actpass", "active", "passive"]), answer: new Set(["active", "passive"]) };
const DIRECTIONS = ["sendrecv", "sendonly", "recvonly", "inactive"];

function must(right, message, code = "invalid_request") {
  if (!right) throw new Refusal(code, message);
}

export const isText = (value, most) => typeof value === "string" && value.length <= most;
export const isId = (value) => typeof value === "string" && UUID.test(value);

// The fields of a command: each has a test, and no others are taken.
export function checkFields(payload, fields) {
  must(payload !== null && typeof payload === "object" && !Array.isArray(payload), "A command takes one object.");
  for (const name in payload) if (!(name in fields)) throw new Refusal("invalid_request", `Unknown field ${name}.`);
  for (const name in fields) if (!fields[name](payload[name])) throw new Refusal("invalid_request", `Wrong: ${name}.`);
}

const ranged = (text, low, high) => +text >= low && +text <= high;

function isHost(address) {
  const kind = isIP(address);
  if (kind === 4) return !/^(0\.|22[4-9]\.|2[3-5]\d\.)/.test(address);
  return kind === 6 && address !== "::" && !/^(ff|::ffff:)/i.test(address) && !address.includes("%");
}

const isAddress = (text) => text === "0.0.0.0" || text === "::" || isHost(text);

function checkCandidateText(text, most) {
  must(text.length <= most, "A candidate is too long.", "payload_too_large");
  const found = CANDIDATE.exec(text);
  must(found, "This is no ICE candidate.");
  const [, transport, priority, address, port, type, rest] = found;
  must(ranged(priority, 1, 2 ** 31 - 1) && ranged(port, 1, 65535), "A candidate's numbers are out of range.");
  must(isHost(address) || (type === "host" && MDNS.test(address)), "A candidate's address is no address.");
  const said = new Map();
  const words = rest.split(" ");
  for (let i = 1; i < words.length; i += 2) {
    must(!said.has(words[i]), "A candidate says the same thing twice.");
    said.set(words[i], words[i + 1]);
  }
  must((transport.toLowerCase() === "tcp") === said.has("tcptype"), "A TCP candidate, and no other, has a tcptype.");
  must(said.get("tcptype") !== "active" || port === "9", "An active TCP candidate has port 9.");
  must(said.has("raddr") === said.has("rport"), "A related address has a port.");
  const related = said.get("raddr");
  must(related === undefined || isAddress(related) || MDNS.test(related), "A related address is no address.");
  must(ranged(said.get("rport") ?? 0, 0, 65535), "A related port is out of range.");
}

// What to pass on: the candidate, or null for the end of candidates.
export function checkCandidate(candidate, limits) {
  if (candidate === null || candidate === "") return null;
  checkFields(candidate, {
    candidate: (text) => typeof text === "string",
    sdpMid: (mid) => mid === undefined || mid === null || (typeof mid === "string" && MID.test(mid)),
    sdpMLineIndex: (at) => at === undefined || at === null || (Number.isInteger(at) && at >= 0 && at < 3),
    usernameFragment: (name) => name === undefined || name === null || (typeof name === "string" && UFRAG.test(name)),
  });
  must(candidate.sdpMid != null || candidate.sdpMLineIndex != null, "A candidate needs sdpMid or sdpMLineIndex.");
  if (candidate.candidate === "") return null;
  checkCandidateText(candidate.candidate, limits.candidateBytes);
  return candidate;
}

// Gives whether it describes a video. Who may send which type, the script knows.
export function checkDescription(description, limits) {
  checkFields(description, {
    type: (type) => type === "offer" || type === "answer",
    sdp: (sdp) => typeof sdp === "string",
  });
  const { type, sdp } = description;
  must(sdp.length <= limits.sdpBytes, "A description is too long.", "payload_too_large");
  must(SDP.test(sdp), "A description is lines of printable ASCII.");
  const lines = sdp.split("\r\n");
  must(lines.length <= 1001, "A description has too many lines.");
  must(lines[0] === "v=0" && lines[2].startsWith("s="), "A description begins with v=0, o= and s=.");
  must(isAddress(ORIGIN.exec(lines[1].slice(2))?.[1] ?? ""), "The origin is malformed.");
  const sections = [{ kind: "session", port: 0, said: new Map() }];
  let candidates = 0;
  for (let i = 3; i < lines.length - 1; i++) {
    const line = lines[i];
    const value = line.slice(2);
    if (line[0] === "m") {
      const media = MEDIA.exec(value);
      must(media && sections.length <= 3 && ranged(media[2] ?? media[4], 0, 65535), "A media section is malformed.");
      must(!sections.some((s) => s.kind === (media[1] ?? media[3])), "A description has one section of a kind.");
      sections.push({ kind: media[1] ?? media[3], port: +(media[2] ?? media[4]), said: new Map() });
    } else if (line[0] === "a") {
      const at = value.indexOf(":");
      const name = at < 0 ? value : value.slice(0, at);
      if (name === "candidate") {
        must(++candidates <= limits.candidates, "Too many candidates.");
        checkCandidateText(value, limits.candidateBytes);
      }
      const { said } = sections.at(-1);
      const values = said.get(name);
      if (values) values.push(value.slice(at + 1));
      else said.set(name, [value.slice(at + 1)]);
      must(said.get(name).length <= (name === "rtcp-fb" ? 128 : name === "rtpmap" ? 64 : 1000), `Too many of ${name}.`);
    } else if (line[0] === "c") {
      must(isAddress(value.split(" ")[2] ?? ""), "A connection is the address of one host.");
    } else must("tb".includes(line[0]), "A line has no place there.");
  }
  checkSections(sections, type);
  return sections.some((section) => section.kind === "video");
}

function checkSections([session, ...media], type) {
  const bundle = (session.said.get("group") ?? []).filter((group) => group.startsWith("BUNDLE "));
  must(bundle.length === 1, "A description has one group BUNDLE.");
  const bundled = bundle[0].split(" ").slice(1);
  const first = media.find((section) => section.said.get("mid")?.[0] === bundled[0]);
  must(first, "The group BUNDLE names a mid that is not there.");
  const live = media.filter((section) => section.port !== 0 || section.said.has("bundle-only"));
  must(live.length, "A description has a section in use.");
  for (const section of live) {
    must(bundled.includes(section.said.get("mid")?.[0]), "All sections are bundled.");
    const of = (name) => section.said.get(name) ?? first.said.get(name) ?? session.said.get(name) ?? [];
    must(UFRAG.test(of("ice-ufrag")[0] ?? "") && PASSWORD.test(of("ice-pwd")[0] ?? ""), "ICE's user is malformed.");
    must(SETUPS[type].has(of("setup")[0]), "setup is none of this description.");
    const prints = of("fingerprint");
    must(prints.every((print) => FINGERPRINT.test(print)), "A fingerprint is by SHA-2.");
    must(prints.some((print) => print.toLowerCase().startsWith("sha-256 ")), "There is no sha-256 fingerprint.");
    if (section.kind === "application") continue;
    must(section.said.has("rtcp-mux"), "A section lacks rtcp-mux.");
    const ways = DIRECTIONS.filter((way) => section.said.has(way) || session.said.has(way));
    must(ways.length === 1, "A section has one direction.");
  }
}

export function checkMessage(command, limits) {
  checkFields(command, {
    room_id: isId,
    client_id: (text) => isText(text, 100) && text !== "",
    type: (type) => type === undefined || type === "text",
    content: (text) => typeof text === "string" && text !== "",
    media_id: (id) => id === undefined || id === null,
    reply_to: (id) => id === undefined || id === null || isId(id),
  });
  const { content } = command;
  const characters = content.length <= limits.messageChars ? 0 : [...content].length;
  must(characters <= limits.messageChars, "A message is too long.", "payload_too_large");
  must(content.isWellFormed() && !content.includes("\0"), "This text cannot be stored.");
}
