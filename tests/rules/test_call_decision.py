"""The call's state machine: its end, reports and blocks, and the decision."""

from collections.abc import Callable

import pytest

from core.errors import AlreadyDecided, AppError, Expired, Forbidden, Gone
from signaling.effects import Connect, Emit, FileReport
from signaling.messages import Block, CallMessage, Hangup, Report, Skip, Vote
from tests.rules.calls import Table, requeued, told
from tests.rules.people import ANA, BEN


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


def answer(table: Table, message: CallMessage) -> object:
    """What comes back: effects that anybody hears of, or the error's code."""
    try:
        return [e for e in table.say(message) if isinstance(e, Emit)]
    except AppError as error:
        return error.code


def test_who_reports_decides_nothing_more() -> None:
    """While both are asked too; the other's yes connects nobody, whichever of them decides."""
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
def test_no_decision_after_an_unfriendly_end(ending: CallMessage) -> None:
    table = Table().go_live()
    table.say(ending)
    with pytest.raises(Gone):
        table.say(Vote(ANA, True, "c", "r"))


def test_a_vote_stands_while_it_is_open_to_decide() -> None:
    """The same again changes nothing, another one is refused."""
    table = Table("male", "male").hang_up()
    table.say(Vote(ANA, False, "c", "r"))
    assert table.say(Vote(ANA, False, "c", "r")) == []
    with pytest.raises(AlreadyDecided):
        table.say(Vote(ANA, True, "c", "r"))


def test_a_vote_that_comes_late_is_answered_as_it_stands() -> None:
    """Also to somebody who has no say: that it is not for them to decide."""
    table = Table().hang_up()
    table.say(Vote(ANA, False, "c", "r"))
    table.wait(30)
    assert table.say(Vote(ANA, False, "c", "r")) == []
    with pytest.raises(AlreadyDecided):
        table.say(Vote(ANA, True, "c", "r"))
    with pytest.raises(Forbidden):
        table.say(Vote(BEN, True, "c", "r"))
