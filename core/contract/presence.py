"""Presence: how one wants to be seen, and how others are."""

from typing import Annotated

from msgspec import Meta

from core.vocabulary import Id, OwnStatus, Status, Timestamp
from core.wire.message import Command, Empty, Event, Wire


class PresenceSet(Command, event="presence:set", reply=Empty):
    """Say how one wants to be seen."""

    status: OwnStatus


class Presence(Wire):
    """How a user is seen by those who may see them."""

    user_id: Id
    status: Status
    last_seen: Timestamp | None


class Presences(Wire):
    """The present state of those watched."""

    presences: list[Presence]


class PresenceWatch(Command, event="presence:watch", reply=Presences):
    """Replace the list of users whose presence one follows."""

    user_ids: Annotated[list[Id], Meta(max_length=200)]


class PresenceChanged(Event, event="presence:changed", volatile=True):
    """Someone whom one watches came, left or is busy."""

    user_id: Id
    status: Status
    last_seen: Timestamp | None
