"""The call's state machine: dialogues with both ends, and what holds whatever happens."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import rfc3339
from core.errors import (
    AlreadyDecided,
    AppError,
    Conflict,
    Expired,
    Forbidden,
    Gone,
    NotFound,
    RateLimited,
    StaleEpoch,
)
from core.vocabulary import DecisionPolicy, Gender
from signaling.call import ACTIVE, Call, Rules, State, offer
from signaling.effects import Connect, Effect, Emit, FileReport, RecordEnded, Requeue, Reserve, Start
from signaling.messages import (
    Accept,
    Back,
    Block,
    ByUser,
    Connected,
    Deadline,
    Decline,
    Hangup,
    Lost,
    Message,
    Report,
    Restart,
    Skip,
    Vote,
)
from signaling.transitions import TRANSITIONS, advance
from tests.rules.people import ANA, BEN, CALL, claim

STRANGER = "00000000-0000-7000-8000-00000000000c"
PHONE, LAPTOP = "a-phone", "a-laptop"


class Table:
    """Both ends of a call, and a clock that only moves when told."""

    def __init__(
        self, *genders: Gender, policy: DecisionPolicy = "female_decides", max_restarts: int = 10
    ) -> None:
        self.rules = Rules(policy=policy, max_restarts=max_restarts)
        self.now = 10_000
        self.call = offer(claim(*(genders or ("female", "male"))), self.now, self.rules)
        self.effects: list[Effect] = []

    def say(self, message: Message) -> list[Effect]:
        self.call, effects = advance(self.call, message, self.now, self.rules)
        self.effects += effects
        return list(effects)

    def wait(self, seconds: int) -> list[Effect]:
        self.now += seconds * 1000
        return self.say(Deadline())

    def start(self) -> "Table":
        self.say(Accept(ANA, PHONE))
        self.say(Accept(BEN, "b-phone"))
        return self

    def go_live(self) -> "Table":
        self.start()
        self.say(Connected(ANA, PHONE, 1))
        self.say(Connected(BEN, "b-phone", 1))
        return self

    def hang_up(self) -> "Table":
        self.go_live()
        self.say(Hangup(BEN))
        return self


def told(effects: list[Effect], user_id: str, name: str) -> list[dict[str, Any]]:
    return [e.data for e in effects if isinstance(e, Emit) and e.user_id == user_id and e.name == name]


def requeued(effects: list[Effect]) -> list[str]:
    return [e.ticket.user_id for e in effects if isinstance(e, Requeue)]


def test_both_accept_and_the_call_starts() -> None:
    """The first accept waits for the second; then both are told to connect at epoch 1."""
    table = Table()
    assert not any(isinstance(e, Start) for e in table.say(Accept(ANA, PHONE)))
    started = table.say(Accept(BEN, "b-phone"))
    assert [(e.user_id, e.epoch) for e in started if isinstance(e, Start)] == [(ANA, 1), (BEN, 1)]
    assert (table.call.state, table.call.role(ANA), table.call.role(BEN)) == (
        State.CONNECTING,
        "offerer",
        "answerer",
    )


def test_the_first_device_to_accept_has_the_call() -> None:
    """The others are told, and accepting there is too late."""
    table = Table()
    effects = table.say(Accept(ANA, PHONE))
    [elsewhere] = [e for e in effects if isinstance(e, Emit)]
    assert (elsewhere.name, elsewhere.not_device, elsewhere.data["reason"]) == (
        "call:ended",
        PHONE,
        "other_device",
    )
    with pytest.raises(Gone):
        table.say(Accept(ANA, LAPTOP))
    assert table.say(Accept(ANA, PHONE)) == []


def test_a_decline_gives_the_other_the_old_place_back() -> None:
    table = Table()
    effects = table.say(Decline(BEN))
    assert requeued(effects) == [ANA]
    [ended] = told(effects, ANA, "call:ended")
    assert (ended["reason"], ended["ticket"]["joined_at"]) == ("declined", "1970-01-01T00:00:01.000Z")
    assert "ticket" not in told(effects, BEN, "call:ended")[0]


def test_an_accept_that_crosses_a_decline() -> None:
    """Whichever comes first, the one who was ready queues again and the call is over."""
    for accept_first in (True, False):
        table = Table()
        if accept_first:
            table.say(Accept(ANA, PHONE))
            table.say(Decline(BEN))
        else:
            table.say(Decline(BEN))
            with pytest.raises(Gone):
                table.say(Accept(ANA, PHONE))
        assert requeued(table.effects) == [ANA]


def test_who_was_ready_keeps_the_place_when_the_other_does_not_show() -> None:
    table = Table()
    table.say(Accept(BEN, "b-phone"))
    effects = table.wait(8)
    assert requeued(effects) == [BEN]
    assert told(effects, ANA, "call:ended")[0]["reason"] == "no_answer"
    with pytest.raises(Expired):
        table.say(Accept(ANA, PHONE))


def test_nobody_shows_and_nobody_is_queued() -> None:
    assert requeued(Table().wait(8)) == []


def test_live_when_both_have_said_so_at_the_current_epoch() -> None:
    table = Table().start()
    assert table.say(Connected(ANA, PHONE, 1)) == []
    with pytest.raises(StaleEpoch):
        table.say(Connected(BEN, "b-phone", 2))
    effects = table.say(Connected(BEN, "b-phone", 1))
    assert told(effects, ANA, "call:state") == [
        {
            "call_id": CALL,
            "state": "live",
            "deadline": "1970-01-01T00:30:10.000Z",
            "live_at": "1970-01-01T00:00:10.000Z",
        }
    ]


def test_media_that_never_flows_ends_the_call() -> None:
    effects = Table().start().wait(15)
    assert told(effects, BEN, "call:ended")[0]["reason"] == "media_failed"
    assert requeued(effects) == []


def test_a_lost_device_has_its_grace_and_may_come_back() -> None:
    table = Table().go_live()
    assert told(table.say(Lost(ANA, LAPTOP)), BEN, "call:state") == []
    assert told(table.say(Lost(ANA, PHONE)), BEN, "call:state")[0]["state"] == "reconnecting"
    table.now += 19_000
    assert told(table.say(Back(ANA, PHONE)), BEN, "call:state")[0]["state"] == "live"


def test_a_device_that_does_not_come_back_ends_the_call() -> None:
    """The lost connection is nobody's refusal, so it is open to decide."""
    table = Table().go_live()
    table.say(Lost(ANA, PHONE))
    effects = table.wait(20)
    assert told(effects, ANA, "call:ended")[0]["reason"] == "connection_lost"
    assert table.call.state is State.DECIDING


def test_a_restart_begins_a_new_epoch_for_both() -> None:
    table = Table().go_live()
    effects = table.say(Restart(BEN, "b-phone", 1))
    assert [e.epoch for e in effects if isinstance(e, Start)] == [2, 2]
    assert table.say(Restart(ANA, PHONE, 1)) == []
    with pytest.raises(StaleEpoch):
        table.say(Restart(ANA, PHONE, 3))
    table.say(Connected(ANA, PHONE, 2))
    after_one = table.call.state
    table.say(Connected(BEN, "b-phone", 2))
    assert (after_one, table.call.state) == (State.RECONNECTING, State.LIVE)


def test_the_grace_counts_from_the_loss_whatever_the_survivor_does() -> None:
    """A page that closed: the other's page restarts, for its media has failed, and prolongs nothing by it."""
    table = Table().go_live()
    table.say(Lost(BEN, "b-phone"))
    gone_at = table.now
    for epoch in (1, 2, 3):
        table.now += 6_000
        started = table.say(Restart(ANA, PHONE, epoch))
        [state] = told(started, ANA, "call:state")
        assert state["deadline"] == rfc3339(gone_at + 20_000)
    table.now = gone_at + 20_000
    assert told(table.say(Deadline()), ANA, "call:ended")[0]["reason"] == "connection_lost"


def test_who_comes_back_late_has_the_time_that_connecting_takes() -> None:
    """The survivor has restarted meanwhile, so there is media to connect: no more than that, once."""
    table = Table().go_live()
    table.say(Lost(BEN, "b-phone"))
    gone_at = table.now
    table.say(Restart(ANA, PHONE, 1))
    table.now += 19_000
    [state] = told(table.say(Back(BEN, "b-phone")), ANA, "call:state")
    assert state["deadline"] == rfc3339(table.now + 15_000)
    for _ in range(9):  # who comes and goes gains nothing by it
        table.say(Lost(BEN, "b-phone"))
        table.say(Back(BEN, "b-phone"))
        table.now += 1_000
    assert table.call.deadline == gone_at + 35_000


def test_nobody_prolongs_anothers_absence_while_connecting() -> None:
    table = Table().start()
    table.say(Lost(BEN, "b-phone"))
    deadline = table.call.deadline
    table.now += 10_000
    table.say(Restart(ANA, PHONE, 1))
    assert table.call.deadline == deadline


def test_absence_is_no_talk() -> None:
    """Two seconds of talk, ten of absence, three of talk: five. The longest call counts all of it."""
    table = Table().go_live()
    live_at = table.now
    table.now += 2_000
    table.say(Lost(BEN, "b-phone"))
    table.now += 10_000
    table.say(Back(BEN, "b-phone"))
    assert table.call.deadline == live_at + 1_800_000
    table.now += 3_000
    assert told(table.say(Hangup(ANA)), ANA, "call:ended")[0]["duration_s"] == 5


def test_who_leaves_after_the_other_has_gone_has_not_left_early() -> None:
    """On record it was nobody; a copy of the command is answered all the same."""
    for message in (Hangup(ANA), Skip(ANA, "new-ticket")):
        table = Table().go_live()
        table.say(Lost(BEN, "b-phone"))
        [end] = [e for e in table.say(message) if isinstance(e, RecordEnded)]
        assert (end.by, end.duration_s) == (None, 0)
        assert table.say(message) == []


def test_restarts_are_limited() -> None:
    table = Table(max_restarts=2).go_live()
    for epoch in (1, 2):
        table.say(Restart(ANA, PHONE, epoch))
    with pytest.raises(RateLimited) as limited:
        table.say(Restart(ANA, PHONE, 3))
    assert limited.value.retry_after_ms == (table.call.deadline or 0) - table.now


def test_another_device_takes_over_only_when_the_first_is_gone() -> None:
    table = Table().go_live()
    with pytest.raises(Conflict):
        table.say(Restart(ANA, LAPTOP, 1))
    table.say(Lost(ANA, PHONE))
    table.say(Restart(ANA, LAPTOP, 1))
    assert table.call.party(ANA).device == LAPTOP


def test_skipping_queues_only_the_one_who_skipped() -> None:
    """At the end of the queue, with a ticket of its own; a second copy gets the same one."""
    table = Table().go_live()
    skip = Skip(ANA, "new-ticket")
    effects = table.say(skip)
    assert requeued(effects) == [ANA]
    ticket = table.call.party(ANA).ticket
    assert ticket is not None
    assert (ticket.id, ticket.joined_at) == ("new-ticket", table.now)
    assert told(effects, BEN, "call:ended")[0]["reason"] == "skipped"
    assert table.say(Skip(ANA, "another")) == []
    with pytest.raises(Gone):
        table.say(Skip(BEN, "bens"))


def test_a_skipped_offer_costs_the_other_nothing() -> None:
    assert sorted(requeued(Table().say(Skip(ANA, "new-ticket")))) == [ANA, BEN]


def test_the_longest_call_ends_by_itself() -> None:
    effects = Table().go_live().wait(1800)
    ended = told(effects, ANA, "call:ended")[0]
    assert (ended["reason"], ended["duration_s"], ended["decision"]["you_decide"]) == (
        "max_duration",
        1800,
        True,
    )


def test_a_report_ends_the_call_and_is_filed_once() -> None:
    table = Table().go_live()
    report = Report(ANA, "report", "harassment")
    effects = table.say(report)
    assert [(e.reported, e.block) for e in effects if isinstance(e, FileReport)] == [(BEN, True)]
    assert table.say(report) == []


@pytest.mark.parametrize("by", [ANA, BEN])
@pytest.mark.parametrize("stage", [Table, lambda: Table().start(), lambda: Table().go_live()])
def test_the_reported_one_cannot_tell_it_from_a_hang_up(stage: Callable[[], Table], by: str) -> None:
    """The same events in the same order and at the same time, the same place in the queue."""
    other, seen = BEN if by == ANA else ANA, []
    for message in (Hangup(by), Report(by, "report", "hate")):
        table = stage()
        stages = [table.say(message), table.wait(29), table.wait(1)]
        heard = [[e for e in effects if isinstance(e, Emit) and e.user_id == other] for effects in stages]
        seen.append((heard, requeued(stages[0]).count(other), table.call.outcome))
    assert seen[0] == seen[1]


def answer(table: Table, message: Message) -> object:
    """What comes back: effects that anybody hears of, or the error's code."""
    try:
        return [e for e in table.say(message) if isinstance(e, Emit)]
    except AppError as error:
        return error.code


def test_who_reports_decides_nothing_more() -> None:
    """While both are asked too; the other's yes connects nobody, whoever of them decides."""
    for by, other in ((ANA, BEN), (BEN, ANA)):
        table = Table("female", "female", policy="either").hang_up()
        effects = table.say(Report(by, "report", "spam"))
        assert told(effects, by, "decision:result")[0]["outcome"] == "not_connected"
        assert told(effects, other, "decision:result") == []
        with pytest.raises(Gone):
            table.say(Vote(by, True, "c", "r"))
        assert answer(table, Vote(other, True, "c", "r")) == []
        assert table.say(Block(by)) == []
        assert [e.user_id for e in table.wait(30) if isinstance(e, Emit)] == [other]
        assert table.call.outcome == "not_connected"


def test_a_block_ends_the_call_and_any_decision() -> None:
    assert told(Table().go_live().say(Block(ANA)), BEN, "call:ended")[0]["reason"] == "blocked"
    table = Table().hang_up()
    assert told(table.say(Block(ANA)), BEN, "decision:result")[0]["outcome"] == "not_connected"


def test_she_decides_and_they_are_connected_at_once() -> None:
    table = Table().hang_up()
    with pytest.raises(Forbidden):
        table.say(Vote(BEN, True, "connection", "room"))
    effects = table.say(Vote(ANA, True, "connection", "room"))
    assert [(e.connection_id, e.room_id) for e in effects if isinstance(e, Connect)] == [
        ("connection", "room")
    ]
    assert table.say(Vote(ANA, True, "other", "other")) == []
    with pytest.raises(AlreadyDecided):
        table.say(Vote(ANA, False, "other", "other"))


def test_a_refusal_and_a_time_out_look_the_same() -> None:
    """Nothing is told before the deadline, and then the same to both."""
    refused, silent = Table().hang_up(), Table().hang_up()
    assert not any(isinstance(e, Emit) for e in refused.say(Vote(ANA, False, "c", "r")))
    assert [e for e in refused.wait(30) if isinstance(e, Emit)] == [
        e for e in silent.wait(30) if isinstance(e, Emit)
    ]
    with pytest.raises(Expired):
        silent.say(Vote(ANA, True, "c", "r"))


def test_both_must_agree_where_neither_decides_alone() -> None:
    table = Table("male", "male").hang_up()
    assert not any(isinstance(e, Connect) for e in table.say(Vote(ANA, True, "c1", "r1")))
    assert any(isinstance(e, Connect) for e in table.say(Vote(BEN, True, "c2", "r2")))


@pytest.mark.parametrize("ending", [Skip(ANA, "t"), Report(ANA, "r", "spam"), Block(BEN)])
def test_no_decision_after_an_unfriendly_end(ending: Message) -> None:
    table = Table().go_live()
    table.say(ending)
    with pytest.raises(Gone):
        table.say(Vote(ANA, True, "c", "r"))


def test_a_call_that_is_not_yours_does_not_exist() -> None:
    with pytest.raises(NotFound):
        Table().say(Accept(STRANGER, PHONE))


def test_what_comes_after_the_end_is_too_late() -> None:
    table = Table().hang_up()
    for message in (
        Accept(ANA, PHONE),
        Decline(ANA),
        Hangup(ANA),
        Connected(ANA, PHONE, 1),
        Lost(ANA, PHONE),
    ):
        with pytest.raises(Gone):
            table.say(message)
    assert table.say(Hangup(BEN)) == []


def test_what_comes_too_early_is_a_conflict() -> None:
    for message in (Connected(ANA, PHONE, 0), Restart(ANA, PHONE, 0), Vote(ANA, True, "c", "r")):
        with pytest.raises(Conflict):
            Table().say(message)


users = st.sampled_from([ANA, BEN])
devices = st.sampled_from([PHONE, LAPTOP, "b-phone"])
epochs = st.integers(0, 3)
messages = st.one_of(
    st.builds(Accept, users, devices),
    st.builds(Decline, users),
    st.builds(Connected, users, devices, epochs),
    st.builds(Restart, users, devices, epochs),
    st.builds(Lost, users, devices),
    st.builds(Back, users, devices),
    st.builds(Hangup, users),
    st.builds(Skip, users, st.just("new-ticket")),
    st.builds(Report, users, st.just("report"), st.just("spam")),
    st.builds(Block, users),
    st.builds(Vote, users, st.booleans(), st.just("connection"), st.just("room")),
    st.just(Deadline()),
)
stories = st.lists(st.tuples(messages, st.integers(0, 30)), max_size=30)
genders = st.sampled_from(["female", "male", "other"])


@given(stories, genders, genders, st.sampled_from(["female_decides", "mutual", "either"]))
def test_whatever_happens(story: list[Any], first: Gender, second: Gender, policy: DecisionPolicy) -> None:
    """Moves stay in the table, both ends are freed once, nobody is queued twice, refusals stay sealed."""
    table = Table(first, second, policy=policy)
    live_ms = 0
    for message, seconds in story:
        table.now += seconds * 1000
        before = table.call
        live_ms += seconds * 1000 if before.state is State.LIVE else 0
        try:
            effects = table.say(message)
        except AppError:
            assert table.call is before
            continue
        if table.call is not before:
            assert table.call.state in TRANSITIONS[before.state, type(message)].to
        assert (table.call.deadline is None) == (table.call.state is State.CLOSED)
        assert not (before.state not in ACTIVE and table.call.state in ACTIVE)
        _check_sealed(before, table.call, message, effects)
        _check_grace(before, table.call, message)
    ends = [e for e in table.effects if isinstance(e, RecordEnded)]
    assert len(ends) == (table.call.state not in ACTIVE)
    assert [e.duration_s for e in ends] == [live_ms // 1000 for _ in ends], "absence is no talk"
    assert len(set(requeued(table.effects))) == len(requeued(table.effects))
    _check_order(table.effects)
    for user in (ANA, BEN):
        ended = [e for e in told(table.effects, user, "call:ended") if e["reason"] != "other_device"]
        assert len(ended) == (table.call.state not in ACTIVE)


def _check_sealed(before: Call, after: Call, message: Message, effects: list[Effect]) -> None:
    refused = before.state is State.DECIDING and after.state is State.DECIDING
    if refused:  # who reports knows what they have done
        knows = message.user_id if isinstance(message, Report) else None
        assert not any(isinstance(e, Emit) and e.user_id != knows for e in effects)


def _check_grace(before: Call, after: Call, message: Message) -> None:
    """It counts from when the call was live last, and only who comes back is given time beyond it."""
    if after.state is not State.RECONNECTING:
        return
    assert after.away_since is not None
    assert after.deadline is not None
    assert 20_000 <= after.deadline - after.away_since <= 35_000
    if before.state is State.RECONNECTING and after.deadline != before.deadline:
        assert isinstance(message, ByUser)
        assert before.party(message.user_id).lost
        assert not any(party.lost for party in after.parties)


def _check_order(effects: list[Effect]) -> None:
    """A place is there before its user hears of it, and offered to others when both have heard of the end."""
    kept = [e.ticket for e in effects if isinstance(e, Reserve)]
    assert kept == [e.ticket for e in effects if isinstance(e, Requeue)]
    if kept:
        steps = [
            type(e)
            for e in effects
            if isinstance(e, Reserve | Requeue)
            or (isinstance(e, Emit) and e.name == "call:ended" and e.data["reason"] != "other_device")
        ]
        assert steps == [Reserve] * len(kept) + [Emit] * 2 + [Requeue] * len(kept)
