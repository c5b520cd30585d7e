"""File descriptors: each connection needs one, and a process that has none left cannot serve anybody."""

from contextlib import suppress

try:
    import resource
except ImportError:  # not a Unix: no such limit
    resource = None  # type: ignore[assignment]

_PLENTY = 1_000_000


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
