"""The call's state machine: offer, accept, connect, skip, and what comes too early or too late."""

import pytest

from core.errors import Conflict, Expired, Gone, NotFound, StaleEpoch
from signaling.call import State
from signaling.effects import Emit, Start
from signaling.messages import Accept, Connected, Decline, Hangup, Lost, Moderate, Restart, Silent, Skip, Vote
from tests.rules.calls import LAPTOP, PHONE, STRANGER, Table, requeued, said, told
from tests.rules.people import ANA, BEN, CALL


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
    assert (elsewhere.name, elsewhere.not_device, said(elsewhere)["reason"]) == (
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


def test_accepting_again_changes_nothing_and_another_device_is_too_late() -> None:
    table = Table().start()
    assert table.say(Accept(ANA, PHONE)) == []
    with pytest.raises(Gone):
        table.say(Accept(ANA, LAPTOP))


def test_only_the_device_that_accepted_says_that_media_flows() -> None:
    table = Table().start()
    with pytest.raises(Conflict):
        table.say(Connected(ANA, LAPTOP, 1))


def test_only_a_matched_call_can_be_skipped() -> None:
    """Of one that is left on record alone there is no ticket to queue with anew."""
    table = Table().go_live()
    table.call = table.call.with_party(ANA, ticket=None)
    with pytest.raises(Conflict):
        table.say(Skip(ANA, "new-ticket"))


def test_somebody_whose_devices_sleep_is_out_and_has_no_fault() -> None:
    """The other has the old place back, unless they are gone as well; nobody who has accepted sleeps."""
    table = Table()
    assert requeued(table.say(Silent(ANA))) == [BEN]
    assert (table.call.reason, table.call.at_fault) == ("no_answer", ())
    table = Table()
    table.say(Accept(ANA, PHONE))
    assert table.say(Silent(ANA)) == []
    table.say(Lost(ANA, PHONE))
    assert requeued(table.say(Silent(BEN))) == []


def test_a_ban_ends_the_call_and_gives_back_the_place_of_an_offer_alone() -> None:
    table = Table()
    assert requeued(table.say(Moderate(ANA))) == [BEN]
    assert table.call.reason == "moderated"
    assert requeued(Table().go_live().say(Moderate(ANA))) == []


def test_who_deletes_their_account_seems_to_have_declined_or_hung_up() -> None:
    """Nobody is said to have been moderated who was not; there is nobody left to decide about."""
    table = Table()
    assert requeued(table.say(Moderate(ANA, left=True))) == [BEN]
    assert (table.call.reason, table.call.at_fault) == ("declined", ())
    for table in (Table().start(), Table().go_live()):
        [ended] = told(table.say(Moderate(ANA, left=True)), BEN, "call:ended")
        assert (ended["reason"], "decision" in ended) == ("hung_up", False)
        assert (table.call.state, table.call.at_fault) == (State.CLOSED, ())
