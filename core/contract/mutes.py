"""Rooms that are quiet for one of their members: what is said there is not pushed to their devices."""

from typing import Annotated

from msgspec import Meta

from core.contract.chat import RoomView
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Event, Input

LONGEST_S = 31_536_000


class Mute(Input):
    """For how long; left out or null: until it is undone."""

    for_s: Annotated[int, Meta(ge=1, le=LONGEST_S)] | None = None


class RoomMuted(Event, event="room:muted"):
    """To one's own devices: a room is quiet until then (far in the future: until it is undone), or, without
    `muted_until`, no longer.
    """

    room_id: Id
    muted_until: Timestamp | None = None


ENDPOINTS = (
    Endpoint(
        name="mute",
        method="PUT",
        path="/v1/rooms/{id}/mute",
        area="chat",
        summary="Push nothing of what is said there, in a group but answers to oneself, until then.",
        parameters=ById,
        body=Mute,
        reply=RoomView,
    ),
    Endpoint(
        name="unmute",
        method="DELETE",
        path="/v1/rooms/{id}/mute",
        area="chat",
        summary="Push what is said there again, from now on; again: it is so.",
        parameters=ById,
        status=204,
    ),
)
