"""What a session description may say: browsers' pass unchanged, each broken rule is named."""

import re
from functools import partial

import pytest
from aiortc.sdp import SessionDescription as Parsed

from core.contract.calls import SessionDescription
from core.errors import InvalidRequest, PayloadTooLarge
from signaling.sdp import check_description
from tests.signaling.samples import CONVERSATION, GATHERED, SAMPLES, adding, check, instead, offer, without

FINGERPRINT = next(line for line in CONVERSATION.split("\r\n") if line.startswith("a=fingerprint:"))
VIDEO = SAMPLES["chromium-video.offer"].sdp


@pytest.mark.parametrize("name", SAMPLES)
def test_what_browsers_write_passes_as_it_is(name: str) -> None:
    """Offers and answers, restarts, rejected and bundle-only sections, simulcast, data channels."""
    assert check(SAMPLES[name]) is SAMPLES[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_another_parser_reads_what_passes_as_we_do(name: str) -> None:
    """aiortc agrees that there are sections, each with its mid, ICE user and sha-256 fingerprint."""
    parsed = Parsed.parse(check(SAMPLES[name]).sdp)
    live = [media for media in parsed.media if media.port]
    assert 1 <= len(parsed.media) <= 3
    for media in live:
        assert media.rtp.muxId
        assert media.ice is not None
        assert media.ice.usernameFragment
        assert media.dtls is not None
        assert "sha-256" in [fingerprint.algorithm for fingerprint in media.dtls.fingerprints]


def test_only_the_offerer_offers_and_only_the_answerer_answers() -> None:
    """Two offers that cross can hang a browser for good."""
    with pytest.raises(InvalidRequest, match="offerer"):
        check(SAMPLES["chromium-voice.offer"], role="answerer")
    with pytest.raises(InvalidRequest, match="offerer"):
        check(SAMPLES["chromium-voice.answer"], role="offerer")


def test_a_voice_call_has_no_video() -> None:
    """Not even rejected: a section at port 0 with bundle-only would start it."""
    with pytest.raises(InvalidRequest, match="no video"):
        check(SAMPLES["chromium-video.offer"], mode="voice")
    rejected = adding(CONVERSATION, "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=bundle-only")
    with pytest.raises(InvalidRequest, match="no video"):
        check(offer(rejected), mode="voice")


def test_more_bytes_than_allowed_are_too_large() -> None:
    """The limit is in bytes, before anything is read."""
    text = CONVERSATION.encode()
    within = partial(check_description, role="offerer", mode="voice", ice_transport_policy="all")
    assert within(offer(CONVERSATION), max_bytes=len(text))
    with pytest.raises(PayloadTooLarge):
        within(offer(CONVERSATION), max_bytes=len(text) - 1)
    with pytest.raises(PayloadTooLarge):
        check(offer("\N{GRINNING FACE}" * 7000))


REFUSED = {
    "empty": "",
    "no line end": CONVERSATION[:-2],
    "lone line feed": instead(CONVERSATION, "a=rtcp-rsize\r\n", "a=rtcp-rsize\n"),
    "two lines in one": instead(
        CONVERSATION, "a=mid:0", "a=mid:0\na=candidate:1 1 udp 1 evil.example 1 typ host"
    ),
    "lone carriage return": instead(CONVERSATION, "a=mid:0", "a=mid:0\ra=x"),
    "empty line": instead(CONVERSATION, "a=mid:0\r\n", "a=mid:0\r\n\r\n"),
    "not ASCII": instead(CONVERSATION, "s=-", "s=\xe4"),
    "a tab": instead(CONVERSATION, "s=-", "s=\t"),
    "lone surrogate": instead(CONVERSATION, "s=-", "s=\ud800"),
    "too many lines": adding(CONVERSATION, *["a=x"] * 1000),
    "another version": instead(CONVERSATION, "v=0", "v=1"),
    "no origin": without(CONVERSATION, "o="),
    "origin by name": instead(CONVERSATION, "IN IP4 127.0.0.1", "IN IP4 host.example"),
    "no name": without(CONVERSATION, "s="),
    "no time": without(CONVERSATION, "t="),
    "two sessions": instead(CONVERSATION, "t=0 0", "t=0 0\r\nv=0"),
    "a key": adding(CONVERSATION, "k=clear:secret"),
    "an attribute in capitals": adding(CONVERSATION, "a=CANDIDATE:1 1 udp 1 evil.example 1 typ host"),
    "an attribute before a space": adding(CONVERSATION, "a=candidate 1 1 udp 1 evil.example 1 typ host"),
    "no media": CONVERSATION[: CONVERSATION.index("m=audio")],
    "only rejected media": instead(CONVERSATION, "m=audio 9", "m=audio 0"),
    "four sections": adding(CONVERSATION, *["m=audio 0 UDP/TLS/RTP/SAVPF 0"] * 3),
    "two of a kind": adding(CONVERSATION, "m=audio 0 UDP/TLS/RTP/SAVPF 0"),
    "unknown media": instead(CONVERSATION, "m=audio", "m=evil"),
    "without DTLS": instead(CONVERSATION, "UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "port out of range": instead(CONVERSATION, "m=audio 9", "m=audio 99999"),
    "payload type out of range": instead(CONVERSATION, "SAVPF 111", "SAVPF 128"),
    "65 rtpmap": adding(CONVERSATION, *["a=rtpmap:1 x/8000"] * 57),
    "129 rtcp-fb": adding(CONVERSATION, *["a=rtcp-fb:* nack"] * 128),
    "no bundle": without(CONVERSATION, "a=group:"),
    "two bundles": instead(CONVERSATION, "a=group:BUNDLE 0", "a=group:BUNDLE 0\r\na=group:BUNDLE 0"),
    "an empty bundle": instead(CONVERSATION, "a=group:BUNDLE 0", "a=group:BUNDLE"),
    "a bundle of nothing": instead(CONVERSATION, "a=group:BUNDLE 0", "a=group:BUNDLE 0 1"),
    "a mid bundled twice": instead(CONVERSATION, "a=group:BUNDLE 0", "a=group:BUNDLE 0 0"),
    "a section not bundled": instead(VIDEO, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
    "one mid twice": instead(VIDEO, "a=mid:1", "a=mid:0"),
    "two sections of one mid": instead(
        instead(VIDEO, "a=mid:1", "a=mid:0"), "a=group:BUNDLE 0 1", "a=group:BUNDLE 0"
    ),
    "no mid": without(CONVERSATION, "a=mid:"),
    "two mids": adding(CONVERSATION, "a=mid:1"),
    "no rtcp-mux": without(CONVERSATION, "a=rtcp-mux"),
    "no fingerprint": without(CONVERSATION, "a=fingerprint:"),
    "a weak fingerprint": instead(CONVERSATION, FINGERPRINT, f"a=fingerprint:sha-1 {'AA:' * 19}AA"),
    "no sha-256 fingerprint": instead(CONVERSATION, FINGERPRINT, f"a=fingerprint:sha-512 {'AA:' * 63}AA"),
    "a short fingerprint": instead(CONVERSATION, FINGERPRINT, FINGERPRINT[:-3]),
    "no ufrag": without(CONVERSATION, "a=ice-ufrag:"),
    "a malformed ufrag": instead(CONVERSATION, "a=ice-ufrag:", "a=ice-ufrag:?"),
    "no pwd": without(CONVERSATION, "a=ice-pwd:"),
    "a short pwd": instead(without(CONVERSATION, "a=ice-pwd:"), "a=mid:0", "a=mid:0\r\na=ice-pwd:short"),
    "two pwd": adding(CONVERSATION, "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa"),
    "no setup": without(CONVERSATION, "a=setup:"),
    "an unknown setup": instead(CONVERSATION, "a=setup:actpass", "a=setup:holdconn"),
    "no direction": without(CONVERSATION, "a=sendrecv"),
    "two directions": adding(CONVERSATION, "a=sendonly"),
    "connection by name": instead(CONVERSATION, "c=IN IP4 0.0.0.0", "c=IN IP4 host.example"),
    "connection to many": instead(CONVERSATION, "c=IN IP4 0.0.0.0", "c=IN IP4 224.0.0.1/127"),
    "rtcp elsewhere": instead(CONVERSATION, "a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 host.example"),
    "rtcp at no port": instead(CONVERSATION, "a=rtcp:9", "a=rtcp:65536"),
    "candidate by name": adding(CONVERSATION, "a=candidate:1 1 udp 1 evil.example 1 typ host"),
    "a bare candidate": adding(CONVERSATION, "a=candidate"),
    "41 candidates": adding(CONVERSATION, *["a=candidate:1 1 udp 1 192.0.2.1 1 typ host"] * 41),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_breaks_a_rule_is_refused(why: str) -> None:
    """Each of these differs from a good offer by one thing."""
    with pytest.raises(InvalidRequest):
        check(offer(REFUSED[why]), mode="video")


def test_the_good_offer_of_the_refusals_is_good() -> None:
    """So that each refusal above is for the one thing that it changes."""
    assert check(offer(CONVERSATION), mode="video")
    assert check(offer(adding(CONVERSATION, *["a=rtpmap:1 x/8000"] * 56, *["a=rtcp-fb:* nack"] * 127)))
    assert check(offer(adding(CONVERSATION, *["a=candidate:1 1 udp 1 192.0.2.1 1 typ host"] * 40)))


def test_an_answer_takes_a_side() -> None:
    """`actpass` is an offer to choose: an answer with it would leave DTLS without a client."""
    answer = SAMPLES["chromium-voice.answer"].sdp
    with pytest.raises(InvalidRequest, match="setup"):
        check(SessionDescription(type="answer", sdp=instead(answer, "a=setup:active", "a=setup:actpass")))


def test_one_strong_fingerprint_among_others_is_enough() -> None:
    """Servers as peers give one for each hash."""
    assert check(
        offer(instead(CONVERSATION, FINGERPRINT, f"a=fingerprint:sha-512 {'AA:' * 63}AA\r\n{FINGERPRINT}"))
    )


def test_relay_only_lets_nothing_pass_that_tells_an_address() -> None:
    """Host and reflexive candidates go, and the addresses that browsers repeat elsewhere are blanked."""
    text = instead(GATHERED, "IN IP4 0.0.0.0", "IN IP4 203.0.113.7")
    text = instead(text, "a=rtcp-mux", "a=rtcp:51718 IN IP4 203.0.113.7\r\na=rtcp-mux")
    text = instead(text, "49160 typ relay raddr 198.51.100.77", "49160 typ relay raddr 198.51.100.9")
    text = instead(
        text, "a=end-of-candidates", "a=remote-candidates:1 203.0.113.7 51716\r\na=end-of-candidates"
    )
    passed = check(offer(text), policy="relay").sdp
    assert "203.0.113.7" not in passed
    assert "2001:db8::7" not in passed
    assert "198.51.100.9" not in passed
    assert [line for line in passed.split("\r\n") if line.startswith("a=candidate")] == [
        "a=candidate:3 1 UDP 92217343 198.51.100.77 49160 typ relay raddr 0.0.0.0 rport 0"
    ]
    assert "m=audio 9 UDP/TLS" in passed
    assert check(offer(passed), policy="relay").sdp == passed


TELLING = {
    "a candidate otherwise": "a=candidate:9 1 udp 1 198.51.100.7 9 typ relay rport 9 raddr 203.0.113.7",
    "a candidate's own word": "a=candidate:9 1 udp 1 198.51.100.7 9 typ relay x-own 203.0.113.7",
    "whom packets come from": "a=source-filter: incl IN IP4 * 203.0.113.7",
    "whom packets come from, by name": "a=source-filter: incl IN FQDN * bens-laptop.example",
    "another address": "a=altc:1 IP4 203.0.113.7 5000",
    "a name made of one": "a=ssrc:1 cname:ben@203.0.113.7",
    "a name": "a=x-own:bens-laptop.local",
    "a band": "b=X-OWN:203.0.113.7",
    "IPv6 in short": "a=x-own:2001:db8::7",
    "IPv6 in full": "a=x-own:2001:db8:0:0:0:0:0:7",
}


@pytest.mark.parametrize("where", TELLING)
def test_no_line_tells_an_address_under_relay(where: str) -> None:
    """Also those that no browser writes, and those that nobody here knows."""
    text = adding(CONVERSATION, TELLING[where])
    assert check(offer(text)).sdp == text
    passed = check(offer(text), policy="relay").sdp
    assert not re.search(r"203\.0|laptop|2001:db8", passed)
    assert check(offer(passed), policy="relay").sdp == passed


def test_neither_the_origin_nor_the_subject_tells_an_address_under_relay() -> None:
    """Some clients write there who they are, and where."""
    text = instead(instead(CONVERSATION, "o=- ", "o=ben@203.0.113.7 "), "s=-", "s=203.0.113.7")
    assert "203.0.113.7" not in check(offer(text), policy="relay").sdp


def test_in_production_a_description_leads_to_no_local_machine() -> None:
    """As a candidate that comes alone."""
    lines = [f"a=candidate:1 1 udp 1 {address} 1 typ host" for address in ("169.254.169.254", "192.0.2.1")]
    passed = check_description(
        offer(adding(CONVERSATION, *lines)),
        role="offerer",
        mode="voice",
        max_bytes=24 * 1024,
        ice_transport_policy="all",
        keep_out="private",
    )
    assert passed == offer(adding(CONVERSATION, lines[1]))


def test_relay_only_keeps_every_other_line() -> None:
    """Attributes that we do not know are the browsers' business."""
    lines = GATHERED.split("\r\n")
    touched = ("a=candidate", "c=", "m=", "o=", "a=rtcp:")
    untouched = [line for line in lines if not line.startswith(touched)]
    passed = check(offer(GATHERED), policy="relay").sdp.split("\r\n")
    assert [line for line in passed if not line.startswith(touched)] == untouched


def test_a_rejected_section_stays_rejected_under_relay() -> None:
    """Port 0 says no; only a port that tells something is blanked."""
    answer = SAMPLES["firefox-video-rejected.answer"]
    assert "m=video 0 UDP" in check(answer, policy="relay").sdp
