"""Through whom a match came to nothing: the one who cools down. Dialogues with both ends of a call."""

import pytest
from msgspec.structs import replace

from signaling.call import ACTIVE
from signaling.effects import FileReport, Judge, RecordEnded
from signaling.messages import (
    Accept,
    Block,
    CallMessage,
    Connected,
    Decline,
    Hangup,
    Lost,
    Report,
    Restart,
    Skip,
)
from tests.rules.calls import PHONE, Table, requeued, told
from tests.rules.people import ANA, BEN

HIS = "b-phone"


def at_fault(table: Table) -> set[str]:
    """The users whom the end on record blames."""
    [end] = [e for e in table.effects if isinstance(e, RecordEnded)]
    assert set(end.at_fault) == set(table.call.at_fault)
    assert table.call.state not in ACTIVE
    return set(end.at_fault)


@pytest.mark.parametrize("message", [Decline(BEN), Hangup(BEN)])
@pytest.mark.parametrize("accepted", [[], [Accept(ANA, PHONE)], [Accept(BEN, HIS)]])
def test_who_declines(message: CallMessage, accepted: list[CallMessage]) -> None:
    """Also after having accepted oneself."""
    table = Table()
    for accept in accepted:
        table.say(accept)
    table.say(message)
    table.say(message)
    assert at_fault(table) == {BEN}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], {ANA, BEN}),
        ([Accept(ANA, PHONE)], {BEN}),
        ([Accept(ANA, PHONE), Lost(ANA, PHONE)], {BEN}),
    ],
)
def test_who_lets_an_offer_lapse(said: list[CallMessage], expected: set[str]) -> None:
    """The one who had not accepted. One who accepted and lost the connection did their part."""
    table = Table()
    for message in said:
        table.say(message)
    table.wait(8)
    assert at_fault(table) == expected


@pytest.mark.parametrize("message", [Skip(BEN, "t"), Report(BEN, "r", "spam"), Block(BEN)])
@pytest.mark.parametrize("started", [False, True])
def test_who_skips_reports_or_blocks_is_not(message: CallMessage, started: bool) -> None:
    table = Table()
    if started:
        table.start()
    table.say(message)
    assert at_fault(table) == set()


@pytest.mark.parametrize(
    ("said", "expected", "back"),
    [
        ([], set(), []),
        ([Connected(ANA, PHONE, 1)], {BEN}, [ANA]),
        ([Lost(BEN, HIS)], {BEN}, [ANA]),
        ([Connected(ANA, PHONE, 1), Lost(ANA, PHONE)], set(), []),
        ([Connected(ANA, PHONE, 1), Lost(BEN, HIS)], {BEN}, [ANA]),
        ([Connected(ANA, PHONE, 1), Restart(BEN, HIS, 1)], set(), []),
        ([Lost(ANA, PHONE), Lost(BEN, HIS)], set(), []),
    ],
)
def test_whose_media_did_not_flow(said: list[CallMessage], expected: set[str], back: list[str]) -> None:
    """Only where one was ready and the other was not can it be told; who was has the place back."""
    table = Table().start()
    for message in said:
        table.say(message)
    effects = table.wait(15)
    assert told(effects, ANA, "call:ended")[0]["reason"] == "media_failed"
    assert at_fault(table) == expected
    assert requeued(effects) == back
    assert ("ticket" in told(effects, ANA, "call:ended")[0]) == (back == [ANA])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], {BEN}),
        ([Connected(ANA, PHONE, 1)], {BEN}),
        ([Connected(BEN, HIS, 1)], set()),
        ([Lost(ANA, PHONE)], set()),
    ],
)
def test_who_accepts_and_leaves_before_media_flows(said: list[CallMessage], expected: set[str]) -> None:
    """That is to decline a little later, unless the other is the one who is missing."""
    table = Table().start()
    for message in said:
        table.say(message)
    table.say(Hangup(BEN))
    assert at_fault(table) == expected


def test_nobody_once_the_call_was_live() -> None:
    table = Table().go_live()
    table.say(Hangup(BEN))
    assert at_fault(table) == set()
    lost = Table().go_live()
    lost.say(Restart(ANA, PHONE, 1))
    lost.say(Lost(BEN, HIS))
    lost.wait(20)
    assert at_fault(lost) == set()


def test_friends_may_decline_each_other() -> None:
    """Only who was brought together by chance cools down."""
    table = Table()
    table.call = replace(table.call, origin="direct")
    table.say(Decline(BEN))
    assert at_fault(table) == set()


def test_what_somebody_did_counts_after_all_else_is_done() -> None:
    """Both are judged after a call that began, and after a report was filed; not after a mere offer."""
    declined = Table()
    assert not any(isinstance(e, Judge) for e in declined.say(Decline(BEN)))
    ended = Table().go_live().say(Hangup(BEN))
    assert ended[-2:] == [Judge(ANA), Judge(BEN)]
    for table in (Table(), Table().go_live()):
        *_, filed, hers, his = table.say(Report(ANA, "report", "spam"))
        assert isinstance(filed, FileReport)
        assert (hers, his) == (Judge(ANA), Judge(BEN))
