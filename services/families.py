"""When a refresh token serves: the rule of a family of tokens. Pure: `services/sessions.py` asks, Postgres
keeps.

A sign-in begins a family. A token serves once and gives a successor; who shows it a second time is a thief,
or their victim, and the family ends. But answers get lost: within a minute of its first use a token may be
shown again, a few times, and gives another successor instead, as long as nobody can have got the last one.
That one becomes void, and whoever shows a void one ends the family as well.
"""

from enum import Enum

from msgspec import Struct

AGAIN_MS = 60_000
MOST_AGAIN = 3


class Shown(Struct, frozen=True, kw_only=True):
    """A refresh token that somebody shows. Times in ms; `again`: how often since its first use.

    `got`: its newest successor has served, or that one's access token has, or there is none.
    """

    expires_at: int
    used_at: int | None = None
    again: int = 0
    void: bool = False
    got: bool = True


class Verdict(Enum):
    """What becomes of it."""

    SPEND = "its first use: give a successor"
    REPLACE = "its answer was lost: give another successor, and the last one is void"
    LATE = "it has expired"
    END = "somebody has it who should not: end the family"


def judge(token: Shown, now: int) -> Verdict:
    """What becomes of the token that is shown now."""
    if token.void:
        return Verdict.END
    if token.used_at is None:
        return Verdict.SPEND if now < token.expires_at else Verdict.LATE
    lost = now - token.used_at <= AGAIN_MS and token.again < MOST_AGAIN and not token.got
    return Verdict.REPLACE if lost else Verdict.END
