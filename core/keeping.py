"""How long messages are kept. Pure: whoever forgets them asks, and rooms say it."""

from core.clock import DAY_MS, HOUR_MS


def kept_days(of_room: int | None, of_server: int) -> int | None:
    """For how many days those of a room are: the shorter of its own time and the server's (0: none).

    None: for ever.
    """
    return min((days for days in (of_room, of_server or None) if days is not None), default=None)


def whole_hour(now: int) -> int:
    """The last full hour, in ms: what is forgotten goes by hours, and changes a room at most once in each."""
    return now - now % HOUR_MS


def said_before(now: int, days: int) -> int:
    """What was said before this, in ms, is not kept any more at `now`."""
    return whole_hour(now) - days * DAY_MS
