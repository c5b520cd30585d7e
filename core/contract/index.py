"""The resources of the contract, one line each: their endpoints, and by importing them all messages.

The order is that of the documents. A module that is not listed here does not exist for any client.
"""

from importlib import import_module

from core.wire.endpoint import Endpoint
from core.wire.message import Command, Event

_NAMES = (
    "accounts",
    "phone",
    "openid",
    "logins",
    "password",
    "email",
    "sessions",
    "totp",
    "consents",
    "values",
    "settings",
    "calls",
    "direct_calls",
    "echo_calls",
    "relays",
    "timelines",
    "profiles",
    "blocks",
    "friends",
    "contacts",
    "posts",
    "comments",
    "likes",
    "reports",
    "connections",
    "video_requests",
    "chat",
    "mutes",
    "groups",
    "notifications",
    "devices",
    "media",
    "locations",
    "mentors",
    "mentor_sessions",
    "reviews",
    "check_ins",
    "journey",
    "rewards",
    "redemptions",
    "partners",
    "reward_rules",
    "matches",
    "own_data",
    "standing",
    "appeals",
    "bans",
    "admin_users",
    "moderation",
    "media_review",
    "suspicions",
    "audit",
    "service",
    "session",
    "presence",
    "queue",
    "decisions",
)

RESOURCES = tuple(import_module(f"core.contract.{name}") for name in _NAMES)
ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint for resource in RESOURCES for endpoint in getattr(resource, "ENDPOINTS", ())
)
COMMANDS: tuple[type[Command], ...] = tuple(Command.registry.values())
EVENTS: tuple[type[Event], ...] = tuple(Event.registry.values())
