"""When nobody wants to be woken. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.clock import to_datetime, to_ms


def quiet_until(quiet_from: str | None, quiet_to: str | None, zone: str | None, now: int) -> int | None:
    """Until when it is quiet, in ms; None: it is not. Hours are as `22:00`, in this zone, or UTC.

    Where only one of them is set, or both are the same, it never is.
    """
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return None
    local = to_datetime(now).astimezone(ZoneInfo(zone or "UTC"))
    begins, ends = time.fromisoformat(quiet_from), time.fromisoformat(quiet_to)
    at = local.time().replace(second=0, microsecond=0)
    overnight = ends < begins
    if not (at >= begins or at < ends if overnight else begins <= at < ends):
        return None
    day = local.date() + timedelta(days=1) if overnight and at >= begins else local.date()
    over = datetime.combine(day, ends, tzinfo=local.tzinfo)
    return max(to_ms(over), now + 60_000)  # where a clock is set back, the same hour comes twice
