"""Cases as moderators are shown them, from what is on record. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.moderation import (
    CaseItem,
    CaseSubject,
    CaseView,
    Decision,
    Evidence,
    Penalty,
    Reporter,
    ReportView,
    StrikeView,
    Suggestion,
    UserStanding,
)
from core.contract.reports import Subject
from db.postgres.cases import Dossier, Strike
from services.ladder import next_step

Row = Mapping[str, Any]


def item(case: Row, now: int) -> CaseItem:
    """The case in a list. A claim that has lapsed is shown as none."""
    lapsed = case["state"] == "claimed" and case["claimed_until"] <= to_datetime(now)
    return CaseItem(
        id=case["id"],
        user=CaseSubject(user_id=case["user_id"], display_name=case["display_name"], role=case["role"]),
        state="open" if lapsed else case["state"],
        severity=case["severity"],
        reason=case["reason"],
        report_count=case["report_count"],
        reporters=case["reporters"],
        suspended=case["suspended"],
        opened_at=_text(case["opened_at"]),
        claimed_by=None if lapsed else case["claimed_by"],
        claimed_until=None if lapsed else _perhaps(case["claimed_until"]),
        decision=_decision(case),
        undone_by=case["undone_by"],
        undone_at=_perhaps(case["undone_at"]),
    )


def view(dossier: Dossier, now: int) -> CaseView:
    """All of a case."""
    summary = item(dossier.case, now)
    step = next_step([strike for strike in dossier.strikes if strike.counts], dossier.case["reason"])
    return CaseView(
        **{name: getattr(summary, name) for name in CaseItem.__struct_fields__},
        suggested=Suggestion(action=step.action, days=step.days),
        reports=[_report(row) for row in dossier.reports],
        evidence=[
            Evidence(
                report_id=row["id"], content=dossier.evidence[row["id"]], media_id=row["evidence_media_id"]
            )
            for row in dossier.reports
        ],
        standing=_standing(dossier),
        active_penalties=[_penalty(row) for row in dossier.penalties],
    )


def _decision(case: Row) -> Decision | None:
    if case["state"] != "decided":
        return None
    return Decision(
        action=case["action"],
        days=case["days"],
        note=case["note"],
        by=case["decided_by"],
        at=_text(case["decided_at"]),
    )


def _report(row: Row) -> ReportView:
    return ReportView(
        id=row["id"],
        subject=Subject(type=row["subject_type"], id=row["subject_id"] or row["id"]),
        reason=row["reason"],
        note=row["note"],
        created_at=_text(row["created_at"]),
        status=row["status"],
        reporter=Reporter(
            user_id=row["reporter_id"],
            display_name=row["display_name"],
            tier=row["tier"],
            filed=row["filed"],
            upheld=row["upheld"],
            dismissed=row["dismissed"],
        ),
        met=row["met"],
    )


def _standing(dossier: Dossier) -> UserStanding:
    ends = [row["until"] for row in dossier.penalties]
    last = max(ends) if ends and None not in ends else None
    return UserStanding(
        status="suspended" if ends else "active",
        restricted_until=_perhaps(last),
        tier=dossier.case["tier"],
        strikes=[_strike(strike) for strike in dossier.strikes],
    )


def _strike(strike: Strike) -> StrikeView:
    times = {"until": strike.until, "lifted_at": strike.lifted_at}
    shown = {name: None if at is None else rfc3339(at) for name, at in times.items()}
    same = {name: getattr(strike, name) for name in ("id", "action", "reason", "by", "case_id", "appeal")}
    return msgspec.convert({**same, **shown, "at": rfc3339(strike.at)}, StrikeView)


def _penalty(row: Row) -> Penalty:
    return Penalty(
        ban_id=row["id"],
        strike_id=row["strike_id"],
        action=row["action"] or ("ban" if row["until"] is None else "suspend"),
        reason=row["reason"],
        at=_text(row["created_at"]),
        until=_perhaps(row["until"]),
    )


def _text(at: datetime) -> str:
    return rfc3339(to_ms(at))


def _perhaps(at: datetime | None) -> str | None:
    return None if at is None else _text(at)
