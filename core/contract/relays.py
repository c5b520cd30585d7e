"""Whether a call leaves its relays: what the two say about it.

Media of strangers goes through relays (TURN), so that neither sees the other's address. When both agree,
a new epoch begins without that bound, which is quicker and often looks better.
"""

from core.vocabulary import EpochNumber, Id
from core.wire.message import Command, Empty, Event


class CallDirect(Command, event="call:direct", reply=Empty):
    """I agree, or no longer agree, to show the other my address. In a live call that is kept on relays.

    When both agree, `call:started` follows with the next epoch and policy `all`, for later epochs too; when
    one no longer does, with the next epoch and `relay`. Where either has `relay_only`, no epoch follows.
    """

    call_id: Id
    epoch: EpochNumber
    agree: bool


class DirectAsked(Event, event="call:direct"):
    """Who agrees so far."""

    call_id: Id
    you: bool
    peer: bool
