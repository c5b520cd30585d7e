"""What users may set for themselves. Pure."""

from importlib.resources import files

from core.contract.settings import SettingsPatch
from core.errors import InvalidRequest

# Of the pinned package, not of the system: every node knows the same.
TIME_ZONES = frozenset(files("tzdata").joinpath("zones").read_text().split())


def checked(patch: SettingsPatch) -> SettingsPatch:
    """The same. Raises `InvalidRequest` for a time zone that there is not."""
    if isinstance(patch.time_zone, str) and patch.time_zone not in TIME_ZONES:
        raise InvalidRequest(
            "`time_zone` has to be an IANA name, as `Europe/Berlin`.", details={"field": "time_zone"}
        )
    return patch
