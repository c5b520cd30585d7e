"""The call's state machine: devices that are lost and come back, and media that is negotiated anew."""

import pytest

from core.clock import rfc3339
from core.errors import Conflict, RateLimited, StaleEpoch
from signaling.call import State
from signaling.effects import RecordEnded, Start
from signaling.messages import Back, Connected, Deadline, Hangup, Lost, Restart, Skip
from signaling.store_loss import after_loss
from tests.rules.calls import LAPTOP, PHONE, Table, requeued, told
from tests.rules.people import ANA, BEN


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


def test_a_call_of_which_only_the_record_is_left_has_lost_its_connection() -> None:
    """Unless it had ended: what is open to decide stays open until its time."""
    table = Table().go_live()
    lost, _ = after_loss(table.call, table.now, table.rules)
    assert (lost.state, lost.reason) == (State.DECIDING, "connection_lost")
    ended = Table().hang_up()
    assert after_loss(ended.call, ended.now, ended.rules) == (ended.call, ())
    assert after_loss(ended.call, ended.now + 30_000, ended.rules)[0].state is State.CLOSED
