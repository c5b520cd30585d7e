"""The time zones that there are, of the pinned package and not of the system: every node knows the same."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_KNOWN = frozenset(files("tzdata").joinpath("zones").read_text().split())
TIME_ZONES = _KNOWN - {"Factory"}  # which is that of a machine that was told none


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises `KeyError` for one that there is not."""
    if name not in _KNOWN:
        raise KeyError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
