"""File descriptors: each connection needs one, and a process that has none left cannot serve anybody."""

from contextlib import suppress

from core.settings import Settings

try:
    import resource
except ImportError:  # not a Unix: no such limit
    resource = None  # type: ignore[assignment]

_PLENTY = 1_000_000
# For what is no connection of a client: files that are sent, pipes, Redis, embedded servers, look-ups.
_OWN = 200


def own(settings: Settings) -> int:
    """How many a process needs that goes on, without those of its clients."""
    return _OWN + settings.database_pool


def demand(least: int, setting: str) -> None:
    """Raises OSError, which names the setting, where there cannot be so many.

    To be called before there is a loop, which cannot be made without some.
    """
    allowed = obtain(least)
    if allowed < least:
        raise OSError(
            f"{setting}: {allowed} open files are allowed, and {least} are needed at least: raise the limit"
            " (ulimit -n)."
        )


def obtain(wanted: int) -> int:
    """Ask the system for so many descriptors, as far as it lets us; how many there may be."""
    if resource is None:
        return _PLENTY
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    aim = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < aim:
        with suppress(ValueError, OSError):  # a system may have a lower limit that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (aim, hard))
            soft = aim
    return _PLENTY if soft == resource.RLIM_INFINITY else soft
