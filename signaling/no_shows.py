"""Who did not accept an offer: from that is learnt how likely they accept the next. Pure."""

from collections.abc import Iterator

from msgspec import Struct

from core.ticket import Ticket
from signaling.call import Call


class NoShow(Struct, frozen=True):
    """The ticket of somebody who did not accept; `gone`: they wait no more."""

    ticket: Ticket
    gone: bool


def no_shows(call: Call) -> Iterator[NoShow]:
    """Those through whom this offer, which has ended, came to nothing.

    Whoever is out for another reason, as by a block or because they are deleted, has not declined. Where the
    devices of one sleep it is known whose only if the other has accepted.
    """
    if call.origin != "match" or call.probe or call.epoch:
        return
    for party in call.parties:
        if party.ticket is None:
            continue
        skips = call.reason == "skipped" and call.ended_by == party.user_id
        sleeps = (
            call.reason == "no_answer"
            and party.device is None
            and call.peer(party.user_id).device is not None
        )
        if skips or sleeps or party.user_id in call.at_fault:
            yield NoShow(party.ticket, gone=not skips)
