"""Whatever is sent as a description: a known error or a description, in work that grows with its length."""

import random
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contract.calls import SessionDescription
from core.errors import AppError
from core.vocabulary import IceTransportPolicy
from tests.garbage import uncollected
from tests.signaling.samples import CONVERSATION, GATHERED, MAX_BYTES, SAMPLES, adding, check, offer

MUTATIONS = 6000
TOKENS = (
    "a=",
    "m=",
    "c=IN IP4 ",
    "\r\n",
    "\n",
    "\0",
    ":",
    " ",
    "a=candidate:",
    "99999",
    "-1",
    "%",
    "\ud800",
    "é",
)
POLICIES: tuple[IceTransportPolicy, ...] = ("all", "relay")


def mutated(text: str, chance: random.Random) -> str:
    """The text with a few lines or characters lost, repeated, moved or replaced."""
    for _ in range(chance.randint(1, 4)):
        lines = text.split("\r\n")
        at, other, spot = (chance.randrange(len(lines)) for _ in range(3))
        match chance.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                cut = chance.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + chance.choice(TOKENS) + lines[at][cut:]
            case 4:
                cut = chance.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + lines[spot][cut:]
            case _:
                lines[at] = lines[at].replace(chance.choice("0123456789:. "), chance.choice(TOKENS), 1)
        text = "\r\n".join(lines)
    return text


def test_mutated_descriptions_give_errors_of_the_catalogue_alone() -> None:
    """What passes is stable: checked again it passes unchanged, and under relay tells only relays."""
    chance = random.Random(20260131)
    originals = list(SAMPLES.values())
    passed = refused = 0
    for turn in range(MUTATIONS):
        sample = chance.choice(originals)
        broken = SessionDescription(type=sample.type, sdp=mutated(sample.sdp, chance))
        policy = POLICIES[turn % 2]
        try:
            good = check(broken, mode="video", policy=policy)
        except AppError:
            refused += 1
            continue
        passed += 1
        assert check(good, mode="video", policy=policy).sdp == good.sdp
        candidates = [line for line in good.sdp.split("\r\n") if line.startswith("a=candidate")]
        assert policy == "all" or all(" typ relay" in line for line in candidates)
    assert passed > MUTATIONS // 20, "the mutations are too wild to show anything"
    assert refused > MUTATIONS // 4, "the mutations are too tame to show anything"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.sampled_from(POLICIES))
def test_any_text_gives_a_known_error(text: str, policy: IceTransportPolicy) -> None:
    """Also behind a good beginning."""
    for sdp in (text, adding(CONVERSATION, text), CONVERSATION + text):
        try:
            check(offer(sdp), mode="video", policy=policy)
        except AppError:
            continue


def steps_of(sdp: str, policy: IceTransportPolicy) -> int:
    """How many lines of Python run while this is checked: work that no busy machine changes."""
    steps = 0

    def count(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    with uncollected():
        sys.settrace(count)
        try:
            check(offer(sdp), mode="video", policy=policy)
        finally:
            sys.settrace(before)
    return steps


HEAVY = {
    "flags": "a=x",
    "sources": "a=ssrc:1 cname:abc",
    "formats": "a=fmtp:111 x=1",
    "mixed": "a=extmap:1 urn:x\r\na=ssrc:1 a:b",
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("what", HEAVY)
def test_work_grows_with_the_length_and_no_faster(what: str, policy: IceTransportPolicy) -> None:
    """Twice the lines, at most twice the steps; the longest takes at most 60 steps a line."""
    few, many = (adding(CONVERSATION, *[HEAVY[what]] * n) for n in (200, 400))
    steps_of(CONVERSATION, policy)  # whoever comes first in a process does some things once
    base = steps_of(CONVERSATION, policy)
    assert steps_of(many, policy) - base <= 2.05 * (steps_of(few, policy) - base)
    assert steps_of(many, policy) <= 60 * many.count("\n")


def test_repeated_formats_and_feedback_cost_a_step_each_and_not_their_product() -> None:
    """Where parsers are quadratic: as many rtpmap and rtcp-fb as are allowed, and candidates with them."""
    heavy = adding(GATHERED, *["a=rtcp-fb:* nack"] * 90, *["a=rtpmap:1 x/8000"] * 50)
    assert len(heavy) <= MAX_BYTES
    assert steps_of(heavy, "relay") <= 60 * heavy.count("\n")
