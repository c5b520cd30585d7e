"""What a session description may say before it is passed to the peer. Pure; `call:signal` calls it.

One pass over the lines, after their number and size were checked, so the cost is linear. What is passed on
is the text that came, without the lines that the rules remove. It is never written anew from a parse, which
would lose attributes.
The rules are those of JSEP (RFC 8829), BUNDLE (RFC 9143), RFC 8839 and RFC 8122, and one of ours:
a voice call has no video, not even a section that could start it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from core.contract.calls import SessionDescription
from core.errors import InvalidRequest, PayloadTooLarge
from core.vocabulary import CallRole, IceTransportPolicy, Mode
from signaling.addresses import KeepOut
from signaling.ice_candidates import admit, is_mid, is_ufrag, is_unicast

_TYPES: Mapping[CallRole, str] = MappingProxyType({"offerer": "offer", "answerer": "answer"})
_MAX_LINES = 1000
_MAX_SECTIONS = 3
_MAX_PORT = 65535
_AT_MOST: Mapping[str, int] = MappingProxyType(
    {"rtpmap": 64, "rtcp-fb": 128, "fingerprint": 4}
    | dict.fromkeys(("mid", "ice-ufrag", "ice-pwd", "setup", "rtcp", "rtcp-mux", "bundle-only"), 1)
)
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_SETUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"offer": frozenset({"actpass", "active", "passive"}), "answer": frozenset({"active", "passive"})}
)
_TRANSPORT = ("ice-ufrag", "ice-pwd", "fingerprint", "setup")
_DIGEST_BYTES: Mapping[str, int] = MappingProxyType({"sha-256": 32, "sha-384": 48, "sha-512": 64})

# A lone line feed is refused too: browsers take it for the end of a line, so what we check as one line could
# be two lines to them, the second unchecked.
_TEXT = re.compile(r"(?:[a-z]=[ -~]*\r\n)+")
# Firefox ignores the case of names, and libwebrtc ends them at a space: names that all read alike may pass.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_ORIGIN = re.compile(r"o=\S+ (\d{1,20} \d{1,20}) IN IP[46] (\S+)", re.ASCII)
_MEDIA = re.compile(
    r"m=(?:(audio|video) (\d{1,5}) (?:UDP|TCP)/TLS/RTP/SAVPF(?: (?:\d{1,2}|1[01]\d|12[0-7])){1,128}"
    r"|(application) (\d{1,5}) (?:UDP|TCP)/DTLS/SCTP webrtc-datachannel)",
    re.ASCII,
)
_CONNECTION = re.compile(r"IN IP[46] (\S+)")
_RTCP = re.compile(r"(\d{1,5})(?: IN IP[46] (\S+))?", re.ASCII)
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"(\S+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)")
_PORT = re.compile(r"(?<=^m=)(\w+) [1-9]\d*")
_NOWHERE = "IN IP4 0.0.0.0"
# An address as it may stand in an attribute that nobody here knows, or in a name that somebody made of one.
_TOLD = re.compile(
    r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}|::|(?:[0-9a-f]{1,4}:){7}[0-9a-f]|\.local\b", re.IGNORECASE | re.ASCII
)
_OF_ADDRESSES = ("a=remote-candidates:", "a=source-filter:")


class _Section(Struct, frozen=True):
    """The session's own lines (`kind` is "session") or those of one `m=` line, by attribute."""

    kind: str
    port: int
    said: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        """The value of an attribute that may occur once; "" for a flag without a value."""
        return self.said[name][0] if name in self.said else None

    @property
    def live(self) -> bool:
        """Port 0 means that the section is rejected, unless it is marked `bundle-only`."""
        return self.port != 0 or "bundle-only" in self.said


def check_description(
    description: SessionDescription,
    *,
    role: CallRole,
    mode: Mode,
    max_bytes: int,
    ice_transport_policy: IceTransportPolicy,
    max_candidates: int = 40,
    max_candidate_bytes: int = 512,
    keep_out: KeepOut = "nothing",
) -> SessionDescription:
    """The description as it may be passed to the peer.

    `max_bytes` bounds the whole, `max_candidate_bytes` each candidate in it. `role` is the sender's: the
    offerer alone offers, the answerer alone answers. Under the policy `relay` the sender's own addresses
    are taken out, and candidates that `keep_out` names under either. Raises `PayloadTooLarge` above the bytes
    and `InvalidRequest` naming the first rule that is broken; nothing else, whatever the text.
    """
    lines = _lines(description.sdp, max_bytes)
    if description.type != _TYPES[role]:
        raise InvalidRequest("The offerer alone makes offers, and the answerer alone answers them.")
    session, *media = _sections(lines)
    _check_session(lines, session)
    _check_media(media, mode)
    bundle = _check_bundle(session, media)
    for section in (session, *media):
        _check_transport(section, description.type)
    for section in (s for s in media if s.live):
        _check_live(section, session, bundle)
    if sum(len(section.said.get("candidate", ())) for section in (session, *media)) > max_candidates:
        raise InvalidRequest(f"A description has at most {max_candidates} candidates.")
    passed = list(_passed(lines, max_candidate_bytes, ice_transport_policy, keep_out))
    return description if passed == lines else replace(description, sdp="".join(f"{x}\r\n" for x in passed))


def _lines(text: str, max_bytes: int) -> list[str]:
    """The lines without their ends, bounded in number and bytes, in printable ASCII."""
    if len(text) > max_bytes or len(text.encode(errors="replace")) > max_bytes:
        raise PayloadTooLarge(f"A description has at most {max_bytes} bytes.")
    if text.count("\n") > _MAX_LINES:
        raise InvalidRequest(f"A description has at most {_MAX_LINES} lines.")
    if _TEXT.fullmatch(text) is None:
        raise InvalidRequest("A description is lines `x=…` of printable ASCII, each ended by CR and LF.")
    return text.split("\r\n")[:-1]


def _sections(lines: list[str]) -> list[_Section]:
    """The session's lines, then each `m=` line with the lines that follow it."""
    sections = [_Section("session", 0, {})]
    for line in lines:
        kind, value = line[0], line[2:]
        if kind == "m":
            if len(sections) > _MAX_SECTIONS:
                raise InvalidRequest(f"A description has at most {_MAX_SECTIONS} media sections.")
            sections.append(_section(line))
        elif kind == "a":
            name, _, value = value.partition(":")
            if _NAME.fullmatch(name) is None:
                raise InvalidRequest("An attribute's name is lower case letters, digits, `-`, `_` and `.`.")
            _add(sections[-1].said, name, value)
        elif kind in ("cb" if len(sections) > 1 else "vostcb"):
            _add(sections[-1].said, f"{kind}=", value)
        else:
            raise InvalidRequest(f"A line `{kind}=` has no place there.")
    return sections


def _section(line: str) -> _Section:
    found = _MEDIA.fullmatch(line)
    if found is None:
        raise InvalidRequest("A media section is audio, video or a data channel, over DTLS.")
    media, media_port, data, data_port = found.groups()
    port = int(media_port or data_port)
    if port > _MAX_PORT:
        raise InvalidRequest(f"A port is at most {_MAX_PORT}.")
    return _Section(media or data, port, {})


def _add(said: dict[str, list[str]], name: str, value: str) -> None:
    values = said.setdefault(name, [])
    values.append(value)
    if len(values) > _AT_MOST.get(name, 1 if name in ("c=", "t=") else _MAX_LINES):
        raise InvalidRequest(f"Too many lines of `{name}`.")


def _check_session(lines: list[str], session: _Section) -> None:
    starts = [line[:2] for line in lines[:3]]
    if starts != ["v=", "o=", "s="] or lines[0] != "v=0" or "t=" not in session.said:
        raise InvalidRequest("A description begins with v=0, o= and s=, and has t=.")
    origin = _ORIGIN.fullmatch(lines[1])
    if origin is None or not _is_address(origin[2]):
        raise InvalidRequest("The origin (o=) is malformed.")
    if any(len(session.said[kind]) > 1 for kind in ("v=", "o=", "s=")):
        raise InvalidRequest("A description begins once.")


def _check_media(media: list[_Section], mode: Mode) -> None:
    kinds = [section.kind for section in media]
    if not any(section.live for section in media):
        raise InvalidRequest("A description has a media section that is not rejected.")
    if len(set(kinds)) < len(kinds):
        raise InvalidRequest("A description has one section of a kind.")
    if mode == "voice" and "video" in kinds:
        raise InvalidRequest("There is no video in a voice call.")


def _check_bundle(session: _Section, media: list[_Section]) -> _Section:
    """All sections in use share one transport. Gives the section that describes it."""
    by_mid = {mid: section for section in media if (mid := section.one("mid")) is not None}
    groups = [group.split()[1:] for group in session.said.get("group", ()) if group.startswith("BUNDLE")]
    if len(groups) != 1 or not groups[0]:
        raise InvalidRequest("A description has one group BUNDLE.")
    bundled = groups[0]
    if len(set(bundled)) < len(bundled) or not by_mid.keys() >= set(bundled) or not all(map(is_mid, by_mid)):
        raise InvalidRequest("The group BUNDLE names each mid once, and none that is not there.")
    if len(by_mid) < sum("mid" in section.said for section in media):
        raise InvalidRequest("Two sections have one mid.")
    if any(section.live and section.one("mid") not in bundled for section in media):
        raise InvalidRequest("All sections are bundled.")
    return by_mid[bundled[0]]


def _check_transport(section: _Section, kind: str) -> None:
    """Attributes of ICE and DTLS are well formed, in whichever section they stand."""
    ufrag, password, setup = (section.one(name) for name in ("ice-ufrag", "ice-pwd", "setup"))
    if ufrag is not None and not is_ufrag(ufrag):
        raise InvalidRequest("ice-ufrag is 4 to 256 ICE characters.")
    if password is not None and not _PASSWORD.fullmatch(password):
        raise InvalidRequest("ice-pwd is 22 to 256 ICE characters.")
    if setup is not None and setup not in _SETUPS[kind]:
        raise InvalidRequest(f"setup is one of {', '.join(sorted(_SETUPS[kind]))} in this description.")
    if not all(map(_is_fingerprint, section.said.get("fingerprint", ()))):
        raise InvalidRequest("A fingerprint is by SHA-2 and as long as that makes it.")
    for value in section.said.get("c=", ()):
        found = _CONNECTION.fullmatch(value)
        if found is None or not _is_address(found[1]):
            raise InvalidRequest("A connection (c=) is the address of one host.")
    for value in section.said.get("rtcp", ()):
        rtcp = _RTCP.fullmatch(value)
        if rtcp is None or int(rtcp[1]) > _MAX_PORT or not _is_address(rtcp[2] or "::"):
            raise InvalidRequest("rtcp is a port and the address of one host.")


def _check_live(section: _Section, session: _Section, bundle: _Section) -> None:
    """What a section in use needs. In a bundle the first section may describe the transport for all."""
    for name in _TRANSPORT:
        values = section.said.get(name) or bundle.said.get(name) or session.said.get(name)
        if not values:
            raise InvalidRequest(f"The {section.kind} section lacks {name}.")
        if name == "fingerprint" and not any(v.lower().startswith("sha-256 ") for v in values):
            raise InvalidRequest("There is no sha-256 fingerprint.")
    if section.kind == "application":
        return
    if "rtcp-mux" not in section.said:
        raise InvalidRequest(f"The {section.kind} section lacks rtcp-mux.")
    if _directions(section) != 1 and (_directions(section) or _directions(session) != 1):
        raise InvalidRequest(f"The {section.kind} section has one direction.")


def _directions(section: _Section) -> int:
    return sum(len(section.said.get(name, ())) for name in _DIRECTIONS)


def _is_fingerprint(value: str) -> bool:
    found = _FINGERPRINT.fullmatch(value)
    return found is not None and _DIGEST_BYTES.get(found[1].lower(), 0) * 3 - 1 == len(found[2])


def _is_address(text: str) -> bool:
    """An IP address, or 0.0.0.0 or ::, which mean that none is known yet."""
    return text in {"0.0.0.0", "::"} or is_unicast(text)  # noqa: S104


def _passed(
    lines: Iterable[str], max_bytes: int, policy: IceTransportPolicy, keep_out: KeepOut
) -> Iterator[str]:
    """The lines to pass on: no candidate that is forbidden, and under `relay` no own address."""
    for line in lines:
        if line.partition(":")[0] == "a=candidate":
            text = admit(line[2:], max_bytes=max_bytes, ice_transport_policy=policy, keep_out=keep_out)
            if text is not None:
                yield f"a={text}"
        elif policy == "relay":
            yield from _anonymous(line)
        else:
            yield line


def _anonymous(line: str) -> Iterator[str]:
    """The line with its address replaced by what a browser writes before it knows one."""
    if line.startswith("c="):
        yield f"c={_NOWHERE}"
    elif line.startswith("a=rtcp:"):
        yield f"a=rtcp:9 {_NOWHERE}"
    elif line.startswith("m="):
        yield _PORT.sub(r"\1 9", line)
    elif line.startswith("o="):
        # A session's descriptions must all have the same origin; a constant has.
        yield _ORIGIN.sub(r"o=- \1 IN IP4 127.0.0.1", line)
    elif line.startswith("s="):
        yield "s=-"
    elif line.startswith("a=fingerprint:") or not _tells(line):
        yield line


def _tells(line: str) -> bool:
    """Whether there is an address in a line that has no place for one. Most lines need no closer look."""
    if line.startswith(_OF_ADDRESSES):
        return True
    if line.count(".") < 3 and ".local" not in line and "::" not in line and line.count(":") < 7:
        return False
    return _TOLD.search(line) is not None
