"""The two synthetic users of the probe: who they are, how they sign in, and the steps they go. Pure.

Their ids are the same everywhere, so that whatever counts people knows them without asking. Their passwords
are derived from `PROBE_SECRET`, and the server stores nothing of them: with another secret they sign in with
another password, and without one nobody signs in as them.
"""

import hmac
from collections.abc import Mapping

from msgspec import Struct

PROBES: Mapping[str, str] = {
    "probe.one": "00000000-0000-7000-8000-000000000001",
    "probe.two": "00000000-0000-7000-8000-000000000002",
}
"""Their ids by their names."""
NAMES = tuple(PROBES)
IDS = frozenset(PROBES.values())
STEPS = (
    "sign-in",
    "turn",
    "socket",
    "queue",
    "match",
    "signals",
    "media",
    "end",
    "decision",
    "chat",
    "sign-out",
)

STEP_S = 20.0
"""Within which each has to be done."""
LONGEST_S = (len(STEPS) + 1) * STEP_S
"""For all of them, with the time that the process takes to start."""


class Done(Struct, frozen=True, kw_only=True):
    """A step, and how long it took; `wrong`: why it failed."""

    step: str
    seconds: float
    wrong: str = ""

    def line(self) -> str:
        """For people, and for what reads logs."""
        return f"{self.step:9}{self.seconds:8.3f} s  {f'FAILED: {self.wrong}' if self.wrong else 'ok'}"


def password(secret: str, name: str) -> str:
    """That of the one of this name, regardless of case."""
    return hmac.digest(secret.encode(), f"password of {name.lower()}".encode(), "sha256").hex()


class Probes:
    """What a server knows of them."""

    def __init__(self, secret: str) -> None:
        self._passwords = {name: password(secret, name) for name in NAMES} if secret else {}

    def knows(self, name: str, given: str) -> bool:
        """Whether this is the password of the probe of this name."""
        theirs = self._passwords.get(name.lower(), "")
        return bool(theirs) and hmac.compare_digest(theirs.encode(), given.encode())
