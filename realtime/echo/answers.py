"""The answer of an echo call: the offer mirrored. Pure.

The same payload types, formats and header extensions go both ways, so that what comes can be sent back as it
is; a codec is never looked at. What is read was checked by `signaling/sdp.py`, and has no addresses any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from aiortc import RTCIceCandidate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters
from msgspec import Struct

from realtime.echo.mirrored import Mirror

_KEPT = (
    "a=rtpmap:",
    "a=fmtp:",
    "a=rtcp-fb:",
    "a=mid:",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=ptime:",
    "a=maxptime:",
)
# What says which of several encodings a packet belongs to: there is one.
_OF_ENCODINGS = ("rtp-stream-id",)
_BACK: Mapping[str, str] = MappingProxyType(
    {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "inactive", "inactive": "inactive"}
)
_NOWHERE = "c=IN IP4 0.0.0.0"


class Offer(Struct, frozen=True):
    """The lines of an offer: those of the session, and of each section with its `m=`."""

    session: Sequence[str]
    sections: Sequence[Sequence[str]]

    @classmethod
    def read(cls, sdp: str) -> "Offer":
        """From a description that was checked."""
        parts: list[list[str]] = [[]]
        for line in sdp.split("\r\n")[:-1]:
            if line.startswith("m="):
                parts.append([])
            parts[-1].append(line)
        return cls(parts[0], parts[1:])

    def said(self, name: str) -> list[str]:
        """The values of an attribute of the transport, by the first who says it: sections share theirs."""
        start = f"a={name}:"
        for part in (*self.sections, self.session):
            if found := [line.removeprefix(start) for line in part if line.startswith(start)]:
                return found
        return []

    @property
    def ice(self) -> RTCIceParameters:
        """How the other side proves its connectivity checks."""
        return RTCIceParameters(usernameFragment=self.said("ice-ufrag")[0], password=self.said("ice-pwd")[0])

    @property
    def dtls(self) -> RTCDtlsParameters:
        """The certificate that the other side has; it begins the handshake where it says so."""
        prints = (value.split(" ") for value in self.said("fingerprint"))
        role = {"active": "client", "passive": "server"}.get(self.said("setup")[0], "auto")
        return RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=name, value=value) for name, value in prints],
            role=role,
        )

    @property
    def sends(self) -> bool:
        """Whether media will come."""
        return any(_back(section, self.session) in ("sendrecv", "recvonly") for section in self._taken)

    @property
    def _taken(self) -> Iterator[Sequence[str]]:
        return (section for section in self.sections if _is_taken(section))


def answer(
    offer: Offer,
    mirror: Mirror,
    *,
    version: int,
    ice: RTCIceParameters,
    dtls: RTCDtlsParameters,
    candidates: Iterable[RTCIceCandidate],
    kbps: int,
) -> str:
    """Takes all audio and video, and no data channel; `kbps` is what the other side is asked to keep to."""
    taken = [section for section in offer.sections if _is_taken(section)]
    transport = list(_transport(offer, ice, dtls))
    places = [_candidate(candidate) for candidate in candidates]
    lines = [
        "v=0",
        f"o=- {mirror.source(1)} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(_mid(section) for section in taken)}",
        *(line for line in offer.session if line == "a=extmap-allow-mixed"),
        "a=msid-semantic: WMS echo",
    ]
    for section in offer.sections:
        if section not in taken:
            lines += _refused(section)
            continue
        lines += _section(section, offer.session, mirror, kbps)
        lines += transport
        if section is taken[0]:
            lines += [*places, "a=end-of-candidates"]
    return "".join(f"{line}\r\n" for line in lines)


def _is_taken(section: Sequence[str]) -> bool:
    kind, port, *_ = section[0].split(" ")
    return kind in ("m=audio", "m=video") and (port != "0" or "a=bundle-only" in section)


def _refused(section: Sequence[str]) -> Iterator[str]:
    kind, _, rest = section[0].split(" ", 2)
    yield f"{kind} 0 {rest}"
    yield _NOWHERE
    yield f"a=mid:{_mid(section)}"
    yield "a=inactive"


def _section(section: Sequence[str], session: Sequence[str], mirror: Mirror, kbps: int) -> Iterator[str]:
    kind, _, rest = section[0].split(" ", 2)
    yield f"{kind} 9 {rest}"
    yield _NOWHERE
    if kind == "m=video":
        yield f"b=AS:{kbps}"
    yield from (line for line in section if line.startswith(_KEPT))
    yield from (line for line in section if line.startswith("a=extmap:") and not line.endswith(_OF_ENCODINGS))
    back = _back(section, session)
    yield f"a={back}"
    if back == "sendrecv":
        yield f"a=msid:echo echo-{kind.removeprefix('m=')}"
        yield from _sources(section, mirror)


def _sources(section: Sequence[str], mirror: Mirror) -> Iterator[str]:
    """Those of the offer, by the numbers that they have on their way back."""
    for line in section:
        words = line.partition(":")[2].split(" ")
        if line.startswith("a=ssrc-group:FID ") and all(map(_is_source, words[1:])):
            yield f"a=ssrc-group:FID {' '.join(str(mirror.source(int(word))) for word in words[1:])}"
        elif (
            line.startswith("a=ssrc:")
            and _is_source(words[0])
            and words[1:2]
            and words[1].startswith("cname:")
        ):
            yield f"a=ssrc:{mirror.source(int(words[0]))} {' '.join(words[1:])}"


def _is_source(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 10 and int(word) <= 0xFFFFFFFF


def _back(section: Sequence[str], session: Sequence[str]) -> str:
    """Which way media goes, as the answer says it; only what comes can be sent back."""
    for part in (section, session):
        for line in part:
            if (way := line.removeprefix("a=")) in _BACK:
                return _BACK[way]
    return "sendrecv"


def _transport(offer: Offer, ice: RTCIceParameters, dtls: RTCDtlsParameters) -> Iterator[str]:
    yield f"a=ice-ufrag:{ice.usernameFragment}"
    yield f"a=ice-pwd:{ice.password}"
    yield from (f"a=fingerprint:{each.algorithm} {each.value}" for each in dtls.fingerprints)
    yield f"a=setup:{'passive' if offer.dtls.role == 'client' else 'active'}"


def _candidate(candidate: RTCIceCandidate) -> str:
    of = candidate
    return f"a=candidate:{of.foundation} {of.component} udp {of.priority} {of.ip} {of.port} typ host"


def _mid(section: Sequence[str]) -> str:
    return next((line.removeprefix("a=mid:") for line in section if line.startswith("a=mid:")), "")
