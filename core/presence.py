"""Who is there, and how that is shown. Pure data that rules and stores share. Times are Unix milliseconds."""

from collections.abc import Mapping

from msgspec import Struct

from core.vocabulary import OwnStatus, Status


class Attendance(Struct, frozen=True, kw_only=True):
    """What is known of a user: the device of each connection with a live lease, how they want to be seen.

    `last_seen` is when they were last there and not invisible; None when that never was, or too long ago.
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
        """Whether others see that the user is there."""
        return bool(self.connections) and self.own != "invisible"


class Lapse(Struct, frozen=True, kw_only=True):
    """A connection whose lease ran out: its node died, or lost Redis. `left` is what its user still has."""

    user_id: str
    connection: str
    device: str
    left: Attendance


def shown(attendance: Attendance, *, in_call: bool, queuing: bool) -> Status:
    """The status that others see."""
    if not attendance.visible:
        return "offline"
    if in_call:
        return "in_call"
    if queuing:
        return "queuing"
    return "away" if attendance.own == "away" else "online"
