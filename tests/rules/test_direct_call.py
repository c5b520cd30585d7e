"""A direct call as the state machine sees it: it rings, is answered or not; and calls that are prolonged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.errors import AlreadyInCall, AppError, Conflict, Expired, Forbidden, Gone
from core.vocabulary import Mode
from signaling.call import ACTIVE, STARTED, Rules, State
from signaling.effects import Emit, LeaveQueue, RecordEnded, RecordStarted, Requeue, Start
from signaling.inviting import (
    BUSY_MS,
    Between,
    Elsewhere,
    Meeting,
    Ongoing,
    Standing,
    check_meeting,
    missed_by,
    reach,
    ring,
)
from signaling.messages import (
    Accept,
    Back,
    Block,
    Connected,
    Deadline,
    Decline,
    Engaged,
    Extend,
    Hangup,
    Lost,
    Moderate,
    Report,
    Restart,
    RungBack,
    Silent,
    Skip,
    Vote,
)
from signaling.store_loss import after_loss
from signaling.transitions import TRANSITIONS, advance
from tests.rules.calls import LAPTOP, PHONE, STRANGER, Table, told
from tests.rules.people import ANA, BEN, CALL, ticket

HIS = "b-phone"


class DirectTable(Table):
    """Ana rings Ben from her phone."""

    def __init__(self, reach: str = "rings", mode: str = "voice") -> None:
        super().__init__()
        self.effects.clear()
        parties = ticket(ANA).card, ticket(BEN).card
        self.call = ring(
            CALL, parties, device=PHONE, mode=mode, region="main", reach=reach, room_id="room", now=self.now,
            rules=self.rules,
        )  # fmt: skip

    def start(self) -> "DirectTable":
        self.say(Accept(BEN, HIS))
        return self


def reasons(table: Table, user_id: str) -> list[str]:
    return [e["reason"] for e in told(table.effects, user_id, "call:ended") if e["reason"] != "other_device"]


def test_the_invitation_is_the_inviters_accept() -> None:
    """His answer starts it: she offers, and whoever waits in the queue waits no longer."""
    table = DirectTable()
    effects = table.say(Accept(BEN, HIS))
    assert table.call.state is State.CONNECTING
    assert [(e.user_id, e.device) for e in effects if isinstance(e, Start)] == [(ANA, PHONE), (BEN, HIS)]
    assert isinstance(effects[0], RecordStarted)
    assert {e.user_id for e in effects if isinstance(e, LeaveQueue)} == {ANA, BEN}
    assert table.call.role(ANA) == "offerer"


@pytest.mark.parametrize(
    ("message", "reason", "missed"),
    [
        (Hangup(ANA), "cancelled", BEN),
        (Decline(ANA), "cancelled", BEN),
        (Hangup(BEN), "declined", None),
        (Decline(BEN), "declined", None),
        (Block(BEN), "declined", None),
        (Block(ANA), "cancelled", BEN),
        (Moderate(BEN), "no_answer", BEN),
        (Moderate(ANA), "cancelled", BEN),
        (Moderate(BEN, left=True), "no_answer", BEN),
        (Moderate(ANA, left=True), "cancelled", BEN),
        (Engaged(), "no_answer", BEN),
    ],
)
def test_how_it_ends_before_the_answer(message: Any, reason: str, missed: str | None) -> None:
    """Nobody is at fault or queued, nobody decides, and nothing tells of a block or a ban."""
    table = DirectTable()
    effects = table.say(message)
    assert reasons(table, ANA) == reasons(table, BEN) == [reason]
    assert not any(isinstance(e, Requeue) for e in effects)
    assert (table.call.state, table.call.at_fault) == (State.CLOSED, ())
    assert missed_by(table.call) == missed


def test_nobody_answers_in_time() -> None:
    table = DirectTable()
    assert table.wait(29) == []
    table.wait(1)
    assert reasons(table, ANA) == reasons(table, BEN) == ["no_answer"]
    assert missed_by(table.call) == BEN
    with pytest.raises(Expired):
        table.say(Accept(BEN, HIS))


@pytest.mark.parametrize(("how", "after_ms", "missed"), [("busy", BUSY_MS, BEN), ("none", 30_000, None)])
def test_whoever_is_not_rung_hears_nothing(how: str, after_ms: int, missed: str | None) -> None:
    table = DirectTable(how)
    assert table.call.deadline == table.now + after_ms
    table.now += after_ms
    table.say(Deadline())
    assert (reasons(table, ANA), reasons(table, BEN)) == (["no_answer"], [])
    assert missed_by(table.call) == missed


def test_who_was_busy_and_rings_back_is_rung_from_then_on() -> None:
    """The call is the one that the other has begun, and they are told of its end, answered or not."""
    for answers in (True, False):
        table = DirectTable("busy")
        assert table.say(RungBack(BEN)) == []
        assert table.call.deadline == table.now + 30_000
        if answers:
            table.start()
        table.say(Hangup(ANA))
        assert reasons(table, ANA) == reasons(table, BEN) == ["hung_up" if answers else "cancelled"]


@pytest.mark.parametrize(("how", "user"), [("busy", ANA), ("rings", BEN), ("none", BEN)])
def test_ringing_back_changes_nothing_else(how: str, user: str) -> None:
    table = DirectTable(how)
    before = table.call
    table.say(RungBack(user))
    assert table.call is before


def test_a_report_while_it_rings_looks_like_what_a_hang_up_does() -> None:
    for user, other, reason in ((ANA, BEN, "cancelled"), (BEN, ANA, "declined")):
        table = DirectTable()
        table.say(Report(user, "report", "spam"))
        assert (reasons(table, user), reasons(table, other)) == (["reported"], [reason])


def test_phones_that_sleep_go_on_ringing() -> None:
    table = DirectTable()
    assert table.say(Silent(BEN)) == []
    assert table.call.state is State.OFFERED


def test_a_direct_call_is_not_skipped_and_not_decided() -> None:
    table = DirectTable()
    with pytest.raises(Conflict):
        table.say(Skip(ANA, "ticket"))
    table.go_live()
    table.say(Connected(BEN, HIS, 1))
    table.say(Hangup(BEN))
    assert table.call.state is State.CLOSED
    with pytest.raises(Gone):
        table.say(Vote(ANA, True, "connection", "room"))


@pytest.mark.parametrize(("left", "reason"), [(True, "hung_up"), (False, "moderated")])
def test_a_friend_who_deletes_their_account_amid_a_call_has_hung_up(left: bool, reason: str) -> None:
    table = DirectTable()
    table.say(Accept(BEN, HIS))
    table.say(Connected(ANA, PHONE, 1))
    table.say(Connected(BEN, HIS, 1))
    table.say(Moderate(BEN, left=left))
    assert reasons(table, ANA) == [reason]


def test_what_the_store_has_lost_while_it_rang_was_not_answered() -> None:
    table = DirectTable()
    call, effects = after_loss(table.call, table.now + 5_000, table.rules)
    assert (call.state, call.reason) == (State.CLOSED, "no_answer")
    assert [e.reason for e in effects if isinstance(e, RecordEnded)] == ["no_answer"]


# Longer calls


@pytest.fixture
def live() -> Table:
    table = Table().go_live()
    table.effects.clear()
    return table


def test_both_prolong_a_call_by_half_and_once(live: Table) -> None:
    assert [e["you"] for e in told(live.say(Extend(ANA)), ANA, "call:extend")] == [True]
    assert live.say(Extend(ANA)) == []
    effects = live.say(Extend(BEN))
    assert told(effects, BEN, "call:extend") == [{"call_id": CALL, "you": True, "peer": True}]
    assert live.call.live_at is not None
    assert live.call.deadline == live.call.live_at + 2_700_000
    assert len(told(effects, ANA, "call:state")) == 1
    assert live.say(Extend(BEN)) == []
    live.now = live.call.deadline
    live.say(Deadline())
    assert reasons(live, ANA) == ["max_duration"]


def test_a_call_is_prolonged_until_its_last_moment(live: Table) -> None:
    """Who agrees with the end, or after it, has come too late."""
    assert live.call.deadline is not None
    live.say(Extend(ANA))
    live.now = live.call.deadline - 1
    live.say(Extend(BEN))
    assert live.call.deadline == live.now + 1 + 900_000
    live.now += 1
    assert live.say(Deadline()) == []
    late = Table().go_live()
    late.say(Extend(ANA))
    assert late.call.deadline is not None
    late.now = late.call.deadline
    late.say(Deadline())
    with pytest.raises(Gone):
        late.say(Extend(BEN))


def test_two_minutes_before_the_end_both_are_told_once(live: Table) -> None:
    live.now += 1_679_999
    assert live.say(Deadline()) == []
    live.now += 1
    [said] = told(live.say(Deadline()), ANA, "call:state")
    assert said["state"] == "live"
    assert live.say(Deadline()) == []
    live.say(Extend(ANA))
    live.say(Extend(BEN))
    live.now += 900_000
    assert len(told(live.say(Deadline()), BEN, "call:state")) == 1, "and before its other end"


def test_who_wants_longer_while_one_is_lost_has_it_when_they_are_back(live: Table) -> None:
    live.say(Lost(BEN, HIS))
    live.say(Extend(ANA))
    live.say(Extend(BEN))
    assert not told(live.effects, ANA, "call:state")[1:]
    live.say(Back(BEN, HIS))
    assert live.call.live_at is not None
    assert live.call.deadline == live.call.live_at + 2_700_000


def test_where_calls_are_not_prolonged() -> None:
    table = Table().go_live()
    with pytest.raises(Conflict):
        advance(table.call, Extend(ANA), table.now, Rules(extend_percent=0))
    with pytest.raises(Conflict):
        Table().start().say(Extend(ANA))


# What becomes of an invitation


def between(**what: Any) -> Between:
    usual: dict[str, Any] = {
        "inviter": ANA, "callee": BEN, "room_id": "room", "ended": False, "video_enabled": False,
        "reachable": True, "engaged": False,
    }  # fmt: skip
    return Between(**{**usual, **what})


def ongoing(by: str | None, to: str | None, *, started: bool = False) -> Ongoing:
    other = to if by == ANA else by
    return Ongoing(id=CALL, mode="voice", offered_at=0, invited_by=by, other=other, rings=to, started=started)


@pytest.mark.parametrize(
    ("what", "comes_of_it"),
    [
        (between(), "rings"),
        (between(engaged=True), "busy"),
        (between(reachable=False), "none"),
        (between(reachable=False, engaged=True), "none"),
        (between(own=ongoing(ANA, BEN)), Standing(ongoing(ANA, BEN), crossed=False)),
        (between(own=ongoing(ANA, BEN, started=True)), Elsewhere(CALL)),
        (between(own=ongoing(ANA, STRANGER)), Elsewhere(CALL)),
        (between(incoming=(ongoing(BEN, ANA),)), Standing(ongoing(BEN, ANA), crossed=True)),
    ],
)
def test_what_becomes_of_an_invitation(what: Between, comes_of_it: Any) -> None:
    assert reach(what, "voice") == comes_of_it


@pytest.mark.parametrize(
    ("what", "mode", "error"),
    [
        (between(ended=True), "voice", Gone),
        (between(), "video", Forbidden),
        (between(incoming=(ongoing(STRANGER, ANA),)), "voice", AlreadyInCall),
    ],
)
def test_what_speaks_against_it(what: Between, mode: Mode, error: type[AppError]) -> None:
    with pytest.raises(error):
        reach(what, mode)


# Whatever happens

users, devices = st.sampled_from([ANA, BEN]), st.sampled_from([PHONE, LAPTOP, HIS])
messages = st.one_of(
    st.builds(Accept, users, devices),
    st.builds(Decline, users),
    st.builds(Connected, users, devices, st.integers(0, 2)),
    st.builds(Restart, users, devices, st.integers(0, 2)),
    st.builds(Lost, users, devices),
    st.builds(Back, users, devices),
    st.builds(Hangup, users),
    st.builds(Extend, users),
    st.builds(Silent, users),
    st.builds(RungBack, users),
    st.builds(Report, users, st.just("report"), st.just("spam")),
    st.builds(Block, users),
    st.builds(Moderate, users),
    st.just(Engaged()),
    st.just(Deadline()),
)


@given(
    st.lists(st.tuples(messages, st.integers(0, 900)), max_size=25),
    st.sampled_from(["rings", "busy", "none"]),
)
def test_every_direct_call_ends_for_both_and_is_told_once(story: list[Any], how: str) -> None:
    """In time, whatever is said; nobody starts it who was not rung and has not answered."""
    table = DirectTable(how)
    rung = how == "rings"
    answered = False
    for message, seconds in [*story, (Deadline(), 3_000), (Deadline(), 3_000), (Deadline(), 3_000)]:
        table.now += seconds * 1000
        before = table.call
        try:
            table.say(message)
        except AppError:
            assert table.call is before
            continue
        if table.call is not before:
            assert table.call.state in TRANSITIONS[before.state, type(message)].to
        answered |= isinstance(message, Accept) and message.user_id == BEN
        rung |= table.call.reach == "rings"
        assert table.call.state not in STARTED or answered
        assert table.call.state is not State.DECIDING
    assert table.call.state not in ACTIVE
    [ended] = [e for e in table.effects if isinstance(e, RecordEnded)]
    assert not any(isinstance(e, Requeue) for e in table.effects)
    assert len(reasons(table, ANA)) == 1
    if rung:
        assert len(reasons(table, BEN)) == 1
    assert (ended.started is False) == (table.call.epoch == 0)
    silent = [e for e in table.effects if isinstance(e, Emit) and e.user_id == BEN]
    assert rung or answered or not silent


HOUR = Meeting(virtual=True, scheduled=True, starts_at=1_000, ends_at=3_601_000)


@pytest.mark.parametrize(
    ("meeting", "now", "allowed"),
    [
        (HOUR, 1_000, True),
        (HOUR, 3_600_999, True),
        (HOUR, 999, False),
        (HOUR, 3_601_000, False),
        (replace(HOUR, virtual=False), 1_000, False),
        (replace(HOUR, scheduled=False), 1_000, False),
    ],
)
def test_in_a_session_two_call_each_other_while_it_lasts(meeting: Meeting, now: int, allowed: bool) -> None:
    if allowed:
        check_meeting(meeting, now)
    else:
        with pytest.raises(Conflict):
            check_meeting(meeting, now)


@pytest.mark.parametrize(("left_s", "lasts_s"), [(None, 1800), (600, 1800), (1800, 1800), (7200, 7200)])
def test_a_call_of_a_session_lasts_as_long_as_that(left_s: int | None, lasts_s: int) -> None:
    """Or as long as any other."""
    call = ring(
        CALL, (ticket(ANA).card, ticket(BEN).card), device=PHONE, mode="voice", region="main", reach="rings",
        room_id=None, now=5_000, rules=Rules(), until=None if left_s is None else 5_000 + left_s * 1000,
    )  # fmt: skip
    assert call.longest_s(Rules()) == lasts_s
