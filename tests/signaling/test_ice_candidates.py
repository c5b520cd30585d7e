"""Which candidates pass: addresses of one host, never names to look up, and under relay only relays."""

import random
import re
from ipaddress import IPv4Address
from itertools import product
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from core.contract.calls import IceCandidate
from core.errors import AppError, InvalidRequest, PayloadTooLarge
from core.vocabulary import IceTransportPolicy
from signaling.addresses import KeepOut
from signaling.ice_candidates import USUAL, check_candidate, is_unicast
from tests.signaling.samples import SAMPLES

MUTATIONS = 6000
OCTETS = ("0", "00", "01", "1", "127", "223", "224", "255", "256", "1000", "", " 1", "-1", "\u0661")
POLICIES: tuple[IceTransportPolicy, ...] = get_args(IceTransportPolicy)
UUID = "4f1c2d3e-aaaa-4bbb-8ccc-0123456789ab"
HOST = "candidate:562107114 1 udp 2122194687 192.0.2.2 39651 typ host generation 0 ufrag dQWE network-id 3"
ACTIVE = "candidate:1 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active generation 0"
RELAY = "candidate:3 1 UDP 92217343 198.51.100.77 49160 typ relay raddr 203.0.113.7 rport 51716"
GOOD = (
    HOST,
    ACTIVE,
    RELAY,
    f"candidate:0 1 UDP 2122252543 {UUID}.local 51234 typ host",
    f"candidate:2 1 TCP 2105524479 {UUID}.local 9 typ host tcptype active",
    "candidate:0 2 UDP 2122252542 203.0.113.7 51718 typ host",
    "candidate:1 1 UDP 1686052863 198.51.100.9 51716 typ srflx raddr 0.0.0.0 rport 0",
    f"candidate:1 1 UDP 1686052863 198.51.100.9 51716 typ srflx raddr {UUID}.local rport 51716",
    "candidate:7 1 udp 2122267903 2001:db8::1 38741 typ host generation 0",
    "candidate:8 1 udp 2122267903 fe80::1 38741 typ host",
    "candidate:9 1 tcp 1518214911 192.0.2.2 8443 typ host tcptype passive",
    "candidate:9 1 tcp 1518214911 192.0.2.2 65535 typ prflx raddr :: rport 0 tcptype so",
)


Sent = IceCandidate | Literal[""] | None


def sent(text: str, **place: Any) -> IceCandidate:
    return IceCandidate(candidate=text, **(place or {"sdpMid": "0", "sdpMLineIndex": 0}))


def check(
    candidate: Sent, policy: IceTransportPolicy = "all", max_bytes: int = 512
) -> IceCandidate | UnsetType | None:
    return check_candidate(candidate, max_bytes=max_bytes, ice_transport_policy=policy)


@pytest.mark.parametrize("text", GOOD)
def test_what_browsers_send_passes_as_it_is(text: str) -> None:
    """Over UDP and TCP, by IPv4, IPv6 and the names that browsers hide addresses behind."""
    assert check(sent(text)) == sent(text)


@settings(deadline=None)
@given(text=st.from_regex(USUAL, fullmatch=True))
def test_what_is_usual_would_pass_in_parts_too(text: str) -> None:
    """Written otherwise it is not usual, and each part of it is looked at."""
    otherwise = f"C{text[1:]}"
    assert USUAL.fullmatch(otherwise) is None
    assert check(sent(otherwise), max_bytes=len(text)) == sent(otherwise)


def test_the_end_of_candidates_has_three_spellings() -> None:
    """null, "" and an object without a candidate all mean it."""
    ends: list[Sent] = [None, "", sent(""), sent("", sdpMid="0", usernameFragment="dQWE")]
    for end in ends:
        assert check(end) is None
        assert check(end, "relay") is None


@pytest.mark.parametrize("text", [text for text in GOOD if " typ relay" not in text])
def test_relay_only_drops_others_silently(text: str) -> None:
    """Nothing is passed on, which is neither an error nor the end of candidates."""
    assert check(sent(text), "relay") is UNSET


def test_a_relay_candidate_passes_without_the_address_it_was_made_from() -> None:
    """`raddr` is the client's own address as the TURN server sees it."""
    passed = check(sent(RELAY), "relay")
    assert isinstance(passed, IceCandidate)
    assert passed.candidate == RELAY.replace("203.0.113.7", "0.0.0.0").replace("51716", "0")
    assert passed.sdpMid == "0"
    assert check(passed, "relay") == passed


BEHIND = {
    "related otherwise": "rport 51716 raddr 203.0.113.7",
    "related apart": "raddr 203.0.113.7 generation 0 rport 51716",
    "related in capitals": "RPORT 51716 RADDR 203.0.113.7",
    "a word of its own": "raddr 0.0.0.0 rport 0 x-own 203.0.113.7",
    "a name": "x-own bens-laptop.local",
    "a known word": "generation 203.0.113.7",
    "a number": "network-id 3405803783",
    "many": "network-cost 10 x-a 203.0 x-b 113.7 rport 9 ufrag dQWE raddr 2001:db8::7",
}


@pytest.mark.parametrize("how", BEHIND)
def test_nothing_behind_a_relay_candidate_tells_an_address(how: str) -> None:
    """In whatever order it stands, and whoever has invented the word."""
    relay = RELAY.partition(" raddr")[0]
    passed = check(sent(f"{relay} {BEHIND[how]}"), "relay")
    assert isinstance(passed, IceCandidate)
    assert passed.candidate is not None
    assert passed.candidate.startswith(relay)
    assert not re.search(r"203\.|113\.|2001|laptop|3405803783|5171", passed.candidate.removeprefix(relay))
    assert check(passed, "relay") == passed


def test_what_is_known_to_tell_no_address_stays_behind_a_relay_candidate() -> None:
    """In the order in which it stood."""
    text = f"{RELAY} network-cost 50 generation 0 ufrag dQWE network-id 3"
    passed = check(sent(text), "relay")
    assert passed == sent(text.replace("203.0.113.7", "0.0.0.0").replace("51716", "0"))


LOCAL = ("127.0.0.1", "169.254.169.254", "fe80::1", "::1", "fd00:ec2::254", "64:ff9b::7f00:1")
AT_HOME = ("192.168.1.7", "10.0.0.7", "fd12::7")


def kept(text: str, keep_out: KeepOut, policy: IceTransportPolicy = "all") -> bool:
    """Whether it passes in such a deployment."""
    passed = check_candidate(sent(text), max_bytes=512, ice_transport_policy=policy, keep_out=keep_out)
    assert passed is UNSET or passed == sent(text) or policy == "relay"
    return passed is not UNSET


@pytest.mark.parametrize("way", ["as browsers write", "in parts"])
def test_in_production_nobody_is_sent_to_their_own_machine(way: str) -> None:
    """Nor to its link, or to where clouds answer: neither themselves nor by their relay."""
    for local, text in product(LOCAL, (HOST, RELAY)):
        there = text.replace("192.0.2.2", local).replace("198.51.100.77", local)
        there = there if way == "as browsers write" else f"C{there[1:]}"
        assert kept(there, "nothing")
        assert not kept(there, "local")
        assert not kept(there, "private")


@pytest.mark.parametrize("home", AT_HOME)
def test_two_in_one_network_reach_each_other_and_no_relay_is_sent_there(home: str) -> None:
    """Behind a relay are machines of the operator, unless that one says that it stands there itself."""
    host, relay = HOST.replace("192.0.2.2", home), RELAY.replace("198.51.100.77", home)
    assert kept(host, "private")
    for policy in POLICIES:
        assert not kept(relay, "private", policy)
        assert kept(relay, "local", policy)


@pytest.mark.parametrize("text", [text for text in GOOD if "fe80" not in text])
def test_others_pass_in_production_as_well(text: str) -> None:
    assert kept(text, "private")


REFUSED = {
    "words": "hello",
    "an SDP line": f"a={HOST}",
    "two lines": f"{HOST}\r\na=x",
    "a final line feed": f"{HOST}\n",
    "a host name": HOST.replace("192.0.2.2", "evil.example"),
    "a name below .local": HOST.replace("192.0.2.2", "printer.office.local"),
    "a reflexive name": f"candidate:1 1 udp 1 {UUID}.local 5 typ srflx",
    "localhost": HOST.replace("192.0.2.2", "localhost"),
    "an address in short": HOST.replace("192.0.2.2", "127.1"),
    "an address in octal": HOST.replace("192.0.2.2", "0177.0.0.01"),
    "an address as a number": HOST.replace("192.0.2.2", "3221225986"),
    "no address yet": HOST.replace("192.0.2.2", "0.0.0.0"),
    "this network": HOST.replace("192.0.2.2", "0.1.2.3"),
    "no IPv6 address yet": HOST.replace("192.0.2.2", "::"),
    "a group in disguise": HOST.replace("192.0.2.2", "::ffff:224.0.0.1"),
    "a zone": HOST.replace("192.0.2.2", "fe80::1%eth0"),
    "a group": HOST.replace("192.0.2.2", "224.0.0.251"),
    "an IPv6 group": HOST.replace("192.0.2.2", "ff02::fb"),
    "everyone": HOST.replace("192.0.2.2", "255.255.255.255"),
    "port 0": HOST.replace("39651", "0"),
    "port 65536": HOST.replace("39651", "65536"),
    "no port": HOST.replace("39651", "-1"),
    "active TCP at a port": ACTIVE.replace(" 9 ", " 443 "),
    "TCP without a type": ACTIVE.replace(" tcptype active", ""),
    "an unknown TCP type": ACTIVE.replace("active", "passiv"),
    "UDP with a TCP type": f"{HOST} tcptype active",
    "another transport": HOST.replace("udp", "ssltcp"),
    "another type": HOST.replace("typ host", "typ evil"),
    "another component": HOST.replace(" 1 udp", " 3 udp"),
    "priority 0": HOST.replace("2122194687", "0"),
    "priority 2^31": HOST.replace("2122194687", str(2**31)),
    "no foundation": HOST.replace("562107114", ""),
    "a long foundation": HOST.replace("562107114", "5" * 33),
    "a word too many": f"{HOST} generation",
    "two spaces": HOST.replace(" typ", "  typ"),
    "said twice": f"{HOST} generation 1",
    "a related name": f"{HOST} raddr evil.example rport 1",
    "a related port too high": RELAY.replace("rport 51716", "rport 65536"),
    "half a related address": RELAY.replace(" rport 51716", ""),
    "digits that are not ASCII": HOST.replace("39651", "\u0663\u0669"),
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("policy", ["all", "relay"])
def test_what_is_no_candidate_is_refused(why: str, policy: IceTransportPolicy) -> None:
    """Under either policy: a malformed one is an error, not one to drop."""
    with pytest.raises(InvalidRequest):
        check(sent(REFUSED[why]), policy)


def test_too_long_is_too_large() -> None:
    """The text by the setting, the mid and the user name by their grammar."""
    assert check(sent(HOST), max_bytes=len(HOST)) == sent(HOST)
    with pytest.raises(PayloadTooLarge):
        check(sent(HOST), max_bytes=len(HOST) - 1)
    with pytest.raises(PayloadTooLarge):
        check(sent(HOST, sdpMid="m" * 33))
    with pytest.raises(PayloadTooLarge):
        check(sent(HOST, sdpMid="0", usernameFragment="u" * 257))


@pytest.mark.parametrize(
    "place",
    [
        {"sdpMLineIndex": None},
        {"sdpMid": ""},
        {"sdpMid": "0 1"},
        {"sdpMid": "0\n"},
        {"sdpMLineIndex": -1},
        {"sdpMLineIndex": 3},
        {"sdpMLineIndex": 2**70},
        {"sdpMid": "0", "usernameFragment": "abc"},
        {"sdpMid": "0", "usernameFragment": "ab cd"},
    ],
)
def test_a_candidate_says_where_it_belongs(place: dict[str, Any]) -> None:
    """Else addIceCandidate of the peer would throw."""
    with pytest.raises(InvalidRequest):
        check(sent(HOST, **place))


def test_a_mid_or_an_index_is_enough() -> None:
    """Either names the section."""
    assert check(sent(HOST, sdpMid="audio"))
    assert check(sent(HOST, sdpMLineIndex=2, usernameFragment="dQWE"))


def test_candidates_in_descriptions_are_those_that_trickle() -> None:
    """What Chromium gathers passes here too, word for word."""
    lines = [line for s in SAMPLES.values() for line in s.sdp.split("\r\n") if line.startswith("a=cand")]
    assert len(lines) > 20
    for line in lines:
        assert check(sent(line[2:])) == sent(line[2:])


def test_mutated_candidates_give_errors_of_the_catalogue_alone() -> None:
    """What passes is stable, and under relay it is a relay without a related address."""
    chance = random.Random(20260131)
    passed = 0
    for _ in range(MUTATIONS):
        words = chance.choice(GOOD).split(" ")
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(words))
            odd = (
                "",
                "-1",
                "99999",
                "evil.example",
                "fe80::1%1",
                "typ",
                "\r\n",
                "\ud800",
                "0x1",
                "::ffff:0:0",
                "raddr",
            )
            words[at] = chance.choice((*words, *odd, words[at][1:], words[at] * 2))
        text = " ".join(words)
        for policy in POLICIES:
            try:
                good = check(sent(text), policy)
            except AppError:
                continue
            passed += 1
            if not isinstance(good, IceCandidate):
                assert good is UNSET
                assert policy == "relay"
                continue
            assert check(good, policy) == good
            head, _, behind = (good.candidate or "").partition(" typ ")
            assert policy == "all" or behind.startswith("relay")
            assert policy == "all" or "203.0.113.7" not in behind, head
    assert passed > MUTATIONS // 20, "the mutations are too wild to show anything"


@given(
    st.text(max_size=600), st.text(max_size=40) | st.none(), st.integers() | st.none(), st.text() | st.none()
)
def test_any_text_gives_a_known_error(
    text: str, mid: str | None, index: int | None, ufrag: str | None
) -> None:
    """Whatever stands in whichever field."""
    for candidate in (text, f"candidate:{text}", f"{HOST} {text}"):
        offered = IceCandidate(candidate=candidate, sdpMid=mid, sdpMLineIndex=index, usernameFragment=ufrag)
        try:
            check(offered)
        except AppError:
            continue


@settings(max_examples=500, deadline=None)
@given(parts=st.lists(st.sampled_from(OCTETS) | st.integers(0, 300).map(str), min_size=3, max_size=5))
def test_an_ipv4_address_is_what_the_standard_library_takes_for_one(parts: list[str]) -> None:
    """Of one host: not "this network", no multicast, nothing that is reserved."""
    text = ".".join(parts)
    try:
        ip = IPv4Address(text)
    except ValueError:
        assert not is_unicast(text)
    else:
        assert is_unicast(text) == (ip.packed[0] != 0 and not ip.is_multicast and not ip.is_reserved)
