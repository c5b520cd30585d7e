"""Lasting connections, which a yes after a call makes."""

from core.contract.profiles import ProfileCard
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Command, Empty, Event, Wire
from core.wire.pages import NextCursor, PageQuery


class ConnectionView(Wire):
    """A lasting connection, as the caller sees it."""

    id: Id
    room_id: Id
    peer: ProfileCard
    active: bool
    video_enabled: bool
    created_at: Timestamp


class ConnectionCreated(Event, event="connection:created"):
    """A new connection."""

    connection: ConnectionView


class ConnectionEnd(Command, event="connection:end", reply=Empty):
    """End a connection: its room stays readable, nothing more is sent in it."""

    connection_id: Id


class ConnectionEnded(Event, event="connection:ended"):
    """A connection is over."""

    connection: ConnectionView


class ConnectionPage(Wire):
    """A page of connections, ended ones too."""

    items: list[ConnectionView]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="connections",
        method="GET",
        path="/v1/connections",
        area="calls",
        summary="One's connections.",
        query=PageQuery,
        reply=ConnectionPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="connection",
        method="GET",
        path="/v1/connections/{id}",
        area="calls",
        summary="One connection.",
        parameters=ById,
        reply=ConnectionView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
)
