"""Rate limits as data: what is counted, by whom, where, and which settings say how much. Pure.

Endpoints and commands name theirs (`core.wire`); the table of docs/settings.md is made of both. Those with a
`key` are counted where a request or command comes in, the others by the use case, which knows more about it.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from core.settings import Settings

LimitName = Literal[
    "requests",
    "network_requests",
    "stranger_requests",
    "commands",
    "account_commands",
    "network_commands",
    "connects",
    "register",
    "register_device",
    "login",
    "guesses",
    "account_login",
    "refreshes",
    "totp",
    "network_codes",
    "account_codes",
    "number_codes",
    "forgotten",
    "mails",
    "mailbox",
    "uploads",
    "network_uploads",
    "messages",
    "joins",
    "rings",
    "ring_one",
    "video_requests",
    "reports",
    "blocks",
    "friend_requests",
    "groups",
    "posts",
    "comments",
    "searches",
    "network_searches",
    "contacts",
    "device_contacts",
    "network_contacts",
    "bookings",
    "reviews",
    "check_ins",
    "redemptions",
]
Where = Literal["node", "shared", "shares"]
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Rate(Struct, frozen=True):
    """A limit: `per_s` a second on average, `burst` at once."""

    per_s: float
    burst: int


class Limit(Struct, frozen=True, kw_only=True):
    """So many of something, counted `by` somebody. `per` and `burst` are the names of settings.

    `where`: by each node in its memory; in Redis for all nodes; or in Redis in shares, so that nobody waits
    for the count. `key`: by the account or the network that asks; without one the use case counts.
    """

    of: str
    by: str
    where: Where
    per: str
    burst: str
    key: Literal["account", "network"] | None = None

    def rate(self, settings: Settings) -> Rate:
        """As the operator has set it; the last letter of the setting is the unit of time."""
        return Rate(getattr(settings, self.per) / _SECONDS[self.per[-1]], getattr(settings, self.burst))


LIMITS: Mapping[LimitName, Limit] = {
    "requests": Limit(
        of="requests", by="account", where="node", per="requests_per_m", burst="requests_burst", key="account"
    ),
    "network_requests": Limit(
        of="requests of all accounts",
        by="network",
        where="node",
        per="network_requests_per_m",
        burst="network_requests_burst",
        key="network",
    ),
    "stranger_requests": Limit(
        of="requests without a token",
        by="network",
        where="node",
        per="stranger_requests_per_m",
        burst="stranger_requests_burst",
        key="network",
    ),
    "commands": Limit(
        of="commands", by="device (connection)", where="node", per="commands_per_s", burst="commands_burst"
    ),
    "account_commands": Limit(
        of="commands on all connections",
        by="account",
        where="node",
        per="account_commands_per_s",
        burst="account_commands_burst",
    ),
    "network_commands": Limit(
        of="commands of all accounts",
        by="network",
        where="node",
        per="network_commands_per_s",
        burst="network_commands_burst",
    ),
    "connects": Limit(
        of="connects", by="account", where="shared", per="connects_per_m", burst="connects_burst"
    ),
    "register": Limit(
        of="sign-ups", by="network", where="shared", per="register_per_m", burst="register_burst"
    ),
    "register_device": Limit(
        of="accounts that are opened",
        by="device (`device_id`)",
        where="shared",
        per="register_device_per_h",
        burst="register_device_per_h",
    ),
    "login": Limit(
        of="wrong passwords, codes and ID tokens",
        by="network",
        where="shared",
        per="login_per_m",
        burst="login_burst",
    ),
    "guesses": Limit(
        of="wrong passwords for one login",
        by="network, or device (known one)",
        where="shared",
        per="guesses_per_m",
        burst="guesses_burst",
    ),
    "account_login": Limit(
        of="wrong passwords for one login, from unknown devices",
        by="account",
        where="shared",
        per="account_login_per_m",
        burst="account_login_burst",
    ),
    "refreshes": Limit(
        of="refreshes",
        by="network",
        where="shared",
        per="refreshes_per_m",
        burst="refreshes_burst",
        key="network",
    ),
    "totp": Limit(
        of="wrong one-time codes", by="account", where="shared", per="totp_per_h", burst="totp_burst"
    ),
    "network_codes": Limit(
        of="codes sent to phones",
        by="network",
        where="shared",
        per="network_codes_per_h",
        burst="network_codes_burst",
        key="network",
    ),
    "account_codes": Limit(
        of="codes sent to phones",
        by="account",
        where="shared",
        per="account_codes_per_h",
        burst="account_codes_burst",
        key="account",
    ),
    "number_codes": Limit(
        of="codes sent to one phone",
        by="number, or device (known one)",
        where="shared",
        per="number_codes_per_h",
        burst="number_codes_burst",
    ),
    "forgotten": Limit(
        of="forgotten passwords",
        by="network",
        where="shared",
        per="forgotten_per_h",
        burst="forgotten_burst",
        key="network",
    ),
    "mails": Limit(
        of="mails that are asked for",
        by="account",
        where="shared",
        per="mails_per_h",
        burst="mails_burst",
        key="account",
    ),
    "mailbox": Limit(
        of="mails of one kind", by="mailbox", where="shared", per="mailbox_per_h", burst="mailbox_burst"
    ),
    "uploads": Limit(
        of="uploads", by="account", where="shared", per="uploads_per_m", burst="uploads_burst", key="account"
    ),
    "network_uploads": Limit(
        of="uploads of all accounts",
        by="network",
        where="shared",
        per="network_uploads_per_m",
        burst="network_uploads_burst",
        key="network",
    ),
    "messages": Limit(
        of="messages",
        by="account",
        where="shares",
        per="messages_per_m",
        burst="messages_burst",
        key="account",
    ),
    "joins": Limit(
        of="ways into the queue",
        by="account",
        where="shares",
        per="joins_per_m",
        burst="joins_burst",
        key="account",
    ),
    "rings": Limit(
        of="direct calls", by="account", where="shared", per="rings_per_m", burst="rings_burst", key="account"
    ),
    "ring_one": Limit(
        of="direct calls of one person to another",
        by="account and connection, or session",
        where="shared",
        per="ring_one_per_h",
        burst="ring_one_burst",
    ),
    "video_requests": Limit(
        of="video requests",
        by="account",
        where="shared",
        per="video_requests_per_h",
        burst="video_requests_burst",
        key="account",
    ),
    "reports": Limit(
        of="reports and appeals",
        by="account",
        where="shared",
        per="reports_per_h",
        burst="reports_burst",
        key="account",
    ),
    "blocks": Limit(
        of="blocks", by="account", where="shared", per="blocks_per_m", burst="blocks_burst", key="account"
    ),
    "friend_requests": Limit(
        of="friend requests",
        by="account",
        where="shared",
        per="friend_requests_per_h",
        burst="friend_requests_burst",
        key="account",
    ),
    "groups": Limit(
        of="groups, invitations to them, and joins",
        by="account",
        where="shared",
        per="groups_per_h",
        burst="groups_burst",
        key="account",
    ),
    "posts": Limit(
        of="posts", by="account", where="shared", per="posts_per_h", burst="posts_burst", key="account"
    ),
    "comments": Limit(
        of="comments",
        by="account",
        where="shared",
        per="comments_per_m",
        burst="comments_burst",
        key="account",
    ),
    "searches": Limit(
        of="searches for people",
        by="account",
        where="shared",
        per="searches_per_h",
        burst="searches_burst",
        key="account",
    ),
    "network_searches": Limit(
        of="searches for people by all accounts",
        by="network",
        where="shared",
        per="network_searches_per_h",
        burst="network_searches_burst",
        key="network",
    ),
    "contacts": Limit(
        of="contacts that were not sent before",
        by="account",
        where="shared",
        per="contacts_per_h",
        burst="contacts_burst",
    ),
    "device_contacts": Limit(
        of="contacts that were not sent before",
        by="device (`device_id`)",
        where="shared",
        per="contacts_per_h",
        burst="contacts_burst",
    ),
    "network_contacts": Limit(
        of="contacts that were not sent before, by all accounts",
        by="network",
        where="shared",
        per="network_contacts_per_h",
        burst="network_contacts_burst",
    ),
    "bookings": Limit(
        of="bookings and changes of sessions with mentors",
        by="account",
        where="shared",
        per="bookings_per_h",
        burst="bookings_burst",
        key="account",
    ),
    "reviews": Limit(
        of="reviews", by="account", where="shared", per="reviews_per_h", burst="reviews_burst", key="account"
    ),
    "check_ins": Limit(
        of="check-ins, whether they count or not",
        by="account",
        where="shares",
        per="check_ins_per_h",
        burst="check_ins_burst",
        key="account",
    ),
    "redemptions": Limit(
        of="codes of rewards that staff scan and redeem",
        by="account",
        where="shares",
        per="redemptions_per_m",
        burst="redemptions_burst",
        key="account",
    ),
}
