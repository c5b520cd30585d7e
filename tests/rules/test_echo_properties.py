"""Calls with the server itself: what holds whatever happens, also to the process that answers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError
from signaling.call import ACTIVE, State
from signaling.effects import Connect, Emit, FileReport, Judge, RecordEnded, Requeue, Reserve, Start
from signaling.messages import (
    Accept,
    Back,
    Block,
    Connected,
    Deadline,
    Decline,
    Hangup,
    Lost,
    Moderate,
    Report,
    Restart,
    Silent,
    Skip,
    Vote,
)
from signaling.transitions import TRANSITIONS
from tests.rules.calls import LAPTOP, PHONE, EchoTable, told
from tests.rules.people import ANA

ECHO = EchoTable().echo
users = st.sampled_from([ANA, ECHO])
hers = st.tuples(st.just(ANA), st.sampled_from([PHONE, LAPTOP]))
its = st.tuples(st.just(ECHO), st.sampled_from(["a-process", "another"]))
sides = st.one_of(hers, its)
epochs = st.integers(0, 3)
messages = st.one_of(
    hers.map(lambda side: Accept(*side)),
    st.builds(Decline, users),
    st.builds(lambda side, epoch: Connected(side[0], side[1], epoch), sides, epochs),
    st.builds(lambda side, epoch: Restart(side[0], side[1], epoch), sides, epochs),
    sides.map(lambda side: Lost(*side)),
    sides.map(lambda side: Back(*side)),
    st.builds(Hangup, users),
    st.builds(Silent, st.just(ANA)),
    st.builds(Skip, st.just(ANA), st.just("new-ticket")),
    st.builds(Report, st.just(ANA), st.just("report"), st.just("spam")),
    st.builds(Block, st.just(ANA)),
    st.builds(Moderate, st.just(ANA)),
    st.builds(Vote, st.just(ANA), st.booleans(), st.just("connection"), st.just("room")),
    st.just(Deadline()),
)
stories = st.lists(st.tuples(messages, st.integers(0, 30)), max_size=30)


@given(stories)
def test_whatever_happens(story: list[Any]) -> None:
    """It ends once, and nothing follows: no decision, no report, no place in the queue, no judgement."""
    table = EchoTable()
    for message, seconds in story:
        table.now += seconds * 1000
        before = table.call
        try:
            table.say(message)
        except AppError:
            assert table.call is before
            continue
        if table.call is not before:
            assert table.call.state in TRANSITIONS[before.state, type(message)].to
    for _ in range(3):  # nobody does anything any more
        if table.call.deadline is not None:
            table.now = max(table.now, table.call.deadline)
            table.say(Deadline())
    assert table.call.state is State.CLOSED
    assert table.call.state not in ACTIVE
    assert table.call.reason is not None
    ends = [effect for effect in table.effects if isinstance(effect, RecordEnded)]
    assert len(ends) == 1
    assert (ends[0].at_fault, ends[0].decision_deadline) == ((), None)
    assert ends[0].by in (ANA, None), "the record knows users alone"
    assert ends[0].duration_s <= 60
    nothing = (Connect, FileReport, Judge, Requeue, Reserve)
    assert not any(isinstance(effect, nothing) for effect in table.effects)
    assert {effect.user_id for effect in table.effects if isinstance(effect, Emit | Start)} <= {ANA, ECHO}
    for side in (ANA, ECHO):
        ended = [e for e in told(table.effects, side, "call:ended") if e["reason"] != "other_device"]
        assert len(ended) == 1


def test_every_end_is_reached() -> None:
    """By the shortest ways, so that the stories above cannot fail to see one."""
    ways: dict[str, list[Any]] = {
        "declined": [Decline(ANA)],
        "no_answer": [8],
        "media_failed": [Accept(ANA, PHONE), 15],
        "hung_up": [Accept(ANA, PHONE), Hangup(ANA)],
        "moderated": [Accept(ANA, PHONE), Moderate(ANA)],
        "max_duration": [Accept(ANA, PHONE), Connected(ANA, PHONE, 1), Connected(ECHO, "a-process", 1), 60],
        "connection_lost": [
            Accept(ANA, PHONE),
            Connected(ANA, PHONE, 1),
            Connected(ECHO, "a-process", 1),
            Lost(ECHO, "a-process"),
            20,
        ],
    }
    for reason, way in ways.items():
        table = EchoTable()
        for step in way:
            if isinstance(step, int):
                table.wait(step)
            else:
                table.say(step)
        assert (table.call.state, table.call.reason) == (State.CLOSED, reason)
