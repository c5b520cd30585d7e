"""Presence: the connections of a user, and the status that others see. Pure data. Times in Unix ms."""

from collections.abc import Mapping

from msgspec import Struct

from core.vocabulary import OwnStatus, Status


class PresenceState(Struct, frozen=True, kw_only=True):
    """The presence of a user: the device of each connection with a live lease, and the status that they
    chose.

    `last_seen` is when they were last connected and not invisible; None if never, or too long ago.
    """

    connections: Mapping[str, str] = {}
    own: OwnStatus = "online"
    last_seen: int | None = None

    @property
    def devices(self) -> frozenset[str]:
        """The devices that are connected."""
        return frozenset(self.connections.values())

    @property
    def visible(self) -> bool:
        """Whether others see that the user is online."""
        return bool(self.connections) and self.own != "invisible"


class ExpiredLease(Struct, frozen=True, kw_only=True):
    """A connection whose lease expired: its node died, or lost Redis. `left` is what its user still has."""

    user_id: str
    connection: str
    device: str
    left: PresenceState


def channel(user_id: str) -> str:
    """Where it is announced that what others see of this user may have changed."""
    return f"presence:{{{user_id}}}"


def shown(state: PresenceState, *, in_call: bool, queuing: bool) -> Status:
    """The status that others see."""
    if not state.visible:
        return "offline"
    if in_call:
        return "in_call"
    if queuing:
        return "queuing"
    return "away" if state.own == "away" else "online"
