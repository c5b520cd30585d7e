"""When a refresh token is accepted: the rule of a family of tokens. Pure: `services/sessions.py` asks.

A sign-in begins a family. A token can be used once, and is replaced by a successor. If it is used a second
time, it was stolen, or its thief has used it before, and the family ends. But answers get lost: within a
minute of its first use a token may be used again, a few times, and gets another successor, as long as the
last one cannot have arrived. The last one becomes void, and using a void token ends the family as well.
"""

from enum import Enum

from msgspec import Struct

AGAIN_MS = 60_000
MOST_AGAIN = 3


class Shown(Struct, frozen=True, kw_only=True):
    """A refresh token that a client sends. Times in ms; `again`: how often it was sent after its first use.

    `got`: its newest successor, or that one's access token, was used; or there is no successor.
    """

    expires_at: int
    used_at: int | None = None
    again: int = 0
    void: bool = False
    got: bool = True


class Verdict(Enum):
    """What to do with it."""

    SPEND = "its first use: give a successor"
    REPLACE = "its answer was lost: give another successor, and the last one is void"
    LATE = "it has expired"
    END = "somebody has it who should not: end the family"


def judge(token: Shown, now: int) -> Verdict:
    """What to do with a token that is sent now."""
    if token.void:
        return Verdict.END
    if token.used_at is None:
        return Verdict.SPEND if now < token.expires_at else Verdict.LATE
    lost = now - token.used_at <= AGAIN_MS and token.again < MOST_AGAIN and not token.got
    return Verdict.REPLACE if lost else Verdict.END
