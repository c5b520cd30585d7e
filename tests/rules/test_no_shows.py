"""Who did not accept an offer, from which is learnt how likely they accept the next."""

import pytest
from msgspec.structs import replace

from signaling.call import Call
from signaling.messages import Accept, Block, CallMessage, Decline, Hangup, Moderate, Silent, Skip
from signaling.no_shows import no_shows
from tests.rules.calls import PHONE, Table
from tests.rules.people import ANA, BEN


def absent(call: Call) -> dict[str, bool]:
    """Who did not accept, and whether they are gone."""
    return {each.ticket.user_id: each.gone for each in no_shows(call)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([Decline(BEN)], {BEN: True}),
        ([Accept(ANA, PHONE), Hangup(BEN)], {BEN: True}),
        ([Skip(BEN, "new-ticket")], {BEN: False}),
        ([Accept(ANA, PHONE), Silent(BEN)], {BEN: True}),
        ([Silent(BEN)], {}),  # perhaps Ana would have come
        ([Block(BEN)], {}),
        ([Moderate(BEN)], {}),
        ([Moderate(BEN, left=True)], {}),
    ],
)
def test_who_does_not_accept(said: list[CallMessage], expected: dict[str, bool]) -> None:
    """Whoever skips waits on. Who is put out, or puts the other out, has not declined."""
    table = Table()
    for message in said:
        table.say(message)
    assert absent(table.call) == expected


@pytest.mark.parametrize(("accepts", "expected"), [([], {ANA: True, BEN: True}), ([ANA], {BEN: True})])
def test_who_lets_an_offer_lapse(accepts: list[str], expected: dict[str, bool]) -> None:
    table = Table()
    for user_id in accepts:
        table.say(Accept(user_id, PHONE))
    table.wait(8)
    assert absent(table.call) == expected


def test_whoever_had_accepted_came() -> None:
    """Whatever came of it. Friends may decline each other, and probes are no people."""
    assert absent(Table().hang_up().call) == {}
    quits = Table().start()
    quits.say(Hangup(BEN))
    assert quits.call.at_fault == (BEN,)
    assert absent(quits.call) == {}
    declined = Table()
    declined.say(Decline(BEN))
    assert absent(replace(declined.call, origin="direct")) == {}
    assert absent(replace(declined.call, probe=True)) == {}
    without = declined.call.with_party(BEN, ticket=None)
    assert absent(without) == {}
