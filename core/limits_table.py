"""The second half of `docs/settings.md`: what is counted, and which limits each command and endpoint has."""

from collections.abc import Iterable, Iterator

from core.contract.index import COMMANDS, ENDPOINTS
from core.limits import LIMITS, Limit, LimitName, Where
from core.settings import Settings

_PREFACE = """
## Rate limits

A limit lets a number pass at once, and more on average, each by a setting. Who is over it hears
`rate_limited` with the time to wait. `RATE_LIMITS=off` turns all of them off, and no other rule that answers
so. A network is an IPv4 address, or the /64 of an IPv6 one.

| limit | of | counted by | where | at once | on average |
|---|---|---|---|---|---|
"""
_EACH = """
Each command and endpoint has these. While Redis does not answer, those that are counted there let pass what
has nothing to do with signing in or connecting.

| command or endpoint | limits |
|---|---|
"""
_WHERE: dict[Where, str] = {
    "node": "each node's memory",
    "shared": "Redis, all nodes",
    "shares": "Redis, all nodes, after every 10th",
}
_UNITS = {"s": "s", "m": "min", "h": "h"}


def limits() -> str:
    """Both tables."""
    return _PREFACE + "".join(_limits()) + _EACH + "".join(_each())


def _limits() -> Iterator[str]:
    usual = Settings()
    for name, limit in LIMITS.items():
        cells = (name, limit.of, limit.by, _WHERE[limit.where], *_figures(limit, usual))
        yield f"| {' | '.join(cells)} |\n"


def _figures(limit: Limit, usual: Settings) -> tuple[str, str]:
    """At once, and on average."""
    burst, per = getattr(usual, limit.burst), getattr(usual, limit.per)
    unit = _UNITS[limit.per[-1]]
    return f"{burst:,} (`{limit.burst.upper()}`)", f"{per:,}/{unit} (`{limit.per.upper()}`)"


def _each() -> Iterator[str]:
    yield "| CONNECT | connects |\n"
    for command in sorted(COMMANDS, key=lambda command: command.event):
        yield f"| `{command.event}` | {_named((*command.general_limits, *command.limits))} |\n"
    for endpoint in ENDPOINTS:
        counted = _named((*endpoint.general_limits, *endpoint.limits)) or "none: it costs nothing"
        yield f"| `{endpoint.method} {endpoint.path}` | {counted} |\n"


def _named(names: Iterable[LimitName]) -> str:
    return ", ".join(names)
