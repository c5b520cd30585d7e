"""Packets on their way back, read by aiortc: only the sources have other numbers."""

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from realtime.echo.mirrored import Mirror

OWN, OTHER, MASK = 0x11111111, 0x22222222, 0x5A5A0FF0
MIRROR = Mirror(MASK)


def turned(*packets: object) -> list[object]:
    said = MIRROR.control(b"".join(bytes(packet) for packet in packets))  # type: ignore[call-overload]
    assert said is not None
    found: list[object] = list(RtcpPacket.parse(said))
    return found


def test_a_packet_of_media_keeps_all_but_its_source() -> None:
    sent = RtpPacket(payload_type=96, sequence_number=65535, timestamp=7, ssrc=OWN, payload=b"picture")
    back = MIRROR.media(sent.serialize())
    assert back is not None
    got = RtpPacket.parse(back)
    assert (got.ssrc, got.sequence_number, got.timestamp, got.payload_type, got.payload) == (
        OWN ^ MASK,
        65535,
        7,
        96,
        b"picture",
    )
    assert MIRROR.media(back) == sent.serialize(), "twice is as it was"


def test_reports_are_about_what_the_client_sent() -> None:
    """The report about what came back is, back again, about what was sent."""
    info = RtcpReceiverInfo(
        ssrc=OWN ^ MASK, fraction_lost=3, packets_lost=5, highest_sequence=9, jitter=1, lsr=2, dlsr=4
    )
    sender = RtcpSenderInfo(ntp_timestamp=1, rtp_timestamp=2, packet_count=3, octet_count=4)
    (report, senders, received) = turned(
        RtcpRrPacket(ssrc=OTHER, reports=[info]),
        RtcpSrPacket(ssrc=OWN, sender_info=sender, reports=[info, info]),
        RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=OWN, items=[(1, b"cname")])]),
    )
    assert isinstance(report, RtcpRrPacket)
    assert (report.ssrc, report.reports[0].ssrc, report.reports[0].fraction_lost) == (OTHER ^ MASK, OWN, 3)
    assert isinstance(senders, RtcpSrPacket)
    assert (senders.ssrc, [each.ssrc for each in senders.reports]) == (OWN ^ MASK, [OWN, OWN])
    assert isinstance(received, RtcpSdesPacket)
    assert [(chunk.ssrc, chunk.items) for chunk in received.chunks] == [(OWN ^ MASK, [(1, b"cname")])]


def test_what_was_lost_is_asked_for_where_it_was_made() -> None:
    """Packets, key frames and the bandwidth, of the client's own sources."""
    remb = pack_remb_fci(500_000, [OWN ^ MASK, OTHER ^ MASK])
    fir = (OWN ^ MASK).to_bytes(4, "big") + b"\x07\0\0\0"
    nack, pli, full, estimate, bye = turned(
        RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=OTHER, media_ssrc=OWN ^ MASK, lost=[5, 6, 900]),
        RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=OTHER, media_ssrc=OWN ^ MASK),
        RtcpPsfbPacket(fmt=RTCP_PSFB_FIR, ssrc=OTHER, media_ssrc=0, fci=fir),
        RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=OTHER, media_ssrc=0, fci=remb),
        RtcpByePacket(sources=[OWN]),
    )
    assert isinstance(nack, RtcpRtpfbPacket)
    assert (nack.media_ssrc, nack.lost) == (OWN, [5, 6, 900])
    assert isinstance(pli, RtcpPsfbPacket)
    assert pli.media_ssrc == OWN
    assert isinstance(full, RtcpPsfbPacket)
    assert (full.media_ssrc, int.from_bytes(full.fci[:4], "big")) == (0, OWN)
    assert isinstance(estimate, RtcpPsfbPacket)
    assert (estimate.media_ssrc, unpack_remb_fci(estimate.fci)) == (0, (500_000, [OWN, OTHER]))
    assert isinstance(bye, RtcpByePacket)
    assert bye.sources == [OWN ^ MASK]


@pytest.mark.parametrize("packet", [b"", b"\x80", b"\x80" * 11])
def test_what_is_no_packet_is_not_sent_back(packet: bytes) -> None:
    assert MIRROR.media(packet) is None
    assert MIRROR.control(packet) is None


@given(st.binary(max_size=200))
def test_whatever_comes(data: bytes) -> None:
    """Nothing raises, and nothing grows."""
    for back in (MIRROR.media(data), MIRROR.control(data)):
        assert back is None or len(back) <= len(data)


kinds = st.integers(199, 208)


@given(st.integers(0, 31), kinds, st.binary(max_size=120).map(lambda b: b[: len(b) // 4 * 4]))
def test_whatever_a_packet_of_control_says(count: int, kind: int, body: bytes) -> None:
    packet = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big") + body
    back = MIRROR.control(packet)
    assert back is None or (len(back) == len(packet) and MIRROR.control(back) is not None)
