"""Descriptions as browsers write them, and as a hostile client might.

`chromium-*` were taken from headless Chromium 156 with fake devices on a machine with documentation
addresses; `firefox-*` and `safari-*` are shaped after what those browsers write.
"""

from pathlib import Path

from core.contract.calls import SessionDescription
from core.vocabulary import CallRole, IceTransportPolicy, Mode
from signaling.sdp import check_description

MAX_BYTES = 24 * 1024

SAMPLES = {
    file.stem: SessionDescription(
        type="offer" if file.stem.endswith(".offer") else "answer", sdp=file.read_bytes().decode()
    )
    for file in sorted(Path(__file__).with_name("descriptions").glob("*.sdp"))
}
CONVERSATION = SAMPLES["chromium-voice.offer"].sdp
GATHERED = SAMPLES["firefox-video-gathered.offer"].sdp


def mode_of(description: SessionDescription) -> Mode:
    return "video" if "\r\nm=video" in description.sdp else "voice"


def check(
    description: SessionDescription,
    *,
    role: CallRole | None = None,
    mode: Mode | None = None,
    policy: IceTransportPolicy = "all",
) -> SessionDescription:
    """The check as the call makes it, for a sender who is entitled to this description."""
    return check_description(
        description,
        role=role or ("offerer" if description.type == "offer" else "answerer"),
        mode=mode or mode_of(description),
        max_bytes=MAX_BYTES,
        ice_transport_policy=policy,
    )


def offer(sdp: str) -> SessionDescription:
    return SessionDescription(type="offer", sdp=sdp)


def without(sdp: str, start: str) -> str:
    """The text less its lines that begin so."""
    kept = [line for line in sdp.split("\r\n") if not line.startswith(start)]
    assert len(kept) < len(sdp.split("\r\n")), f"there was no {start}"
    return "\r\n".join(kept)


def instead(sdp: str, old: str, new: str) -> str:
    """The text with its first `old` changed."""
    assert old in sdp, f"there was no {old}"
    return sdp.replace(old, new, 1)


def adding(sdp: str, *lines: str) -> str:
    """The text with these lines at its end, in its last media section."""
    return sdp + "".join(f"{line}\r\n" for line in lines)
