"""Partners: which days their figures are of, and these as a table. Pure."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta

from core.clock import to_datetime
from core.contract.partners import DayFigures, Figures, PartnerStats, StatsQuery
from core.errors import InvalidRequest
from db.postgres.partners import Days
from services.time_zones import TIME_ZONES, zone

USUAL_DAYS, MOST_DAYS = 30, 366
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)


def asked_days(query: StatsQuery, now: int) -> Days:
    """The days that are asked for; without any the last 30, until today. Raises `InvalidRequest`."""
    if query.zone not in TIME_ZONES:
        raise InvalidRequest("There is no such time zone.", details={"field": "zone"})
    local = zone(query.zone)
    last = query.to or max(to_datetime(now).astimezone(local).date(), query.from_ or _FIRST)
    first = query.from_ or max(_FIRST, last - timedelta(days=USUAL_DAYS - 1))
    if not _FIRST <= first <= last <= _LAST:
        field = "from" if query.from_ else "to"
        raise InvalidRequest("From a day to the same or a later one, from 2000 on.", details={"field": field})
    if last - first >= timedelta(days=MOST_DAYS):
        raise InvalidRequest(f"At most {MOST_DAYS} days at once.", details={"field": "from"})
    days = [first + timedelta(n) for n in range((last - first).days + 2)]
    begins = [datetime.combine(day, time.min, local).astimezone(UTC) for day in days]
    return Days(days[:-1], begins)


def as_table(stats: PartnerStats) -> str:
    """The days as CSV (RFC 4180)."""
    text = io.StringIO()
    table = csv.writer(text)
    columns = ("day", *Figures.__struct_fields__)
    table.writerow(columns)
    table.writerows([_cell(day, name) for name in columns] for day in stats.days)
    return text.getvalue()


def _cell(day: DayFigures, name: str) -> str:
    return str(getattr(day, name))
