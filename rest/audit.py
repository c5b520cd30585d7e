"""The audit log over REST, for admins; the boundary lets in nobody else. Reading only."""

from core.clock import rfc3339
from core.contract import audit as contract
from core.contract.audit import AuditEntry, AuditPage, AuditQuery
from core.wire.cursors import BY_ID
from db.postgres.audit import AuditLog, Entry
from rest.http.paging import page
from rest.http.request import Request


class AuditHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def audit(self, request: Request) -> AuditPage:
        query = request.asked(AuditQuery)
        items, after = await page(
            query,
            lambda before, limit: self._log.entries(user_id=query.user_id, before=before, limit=limit),
            cursors=BY_ID,
            key=lambda entry: entry.id,
        )
        return AuditPage(items=[_entry(entry) for entry in items], next_cursor=after)


def _entry(entry: Entry) -> AuditEntry:
    return AuditEntry(
        id=entry.id,
        at=rfc3339(entry.at),
        actor=entry.actor or "system",
        action=entry.action,
        subject_id=entry.subject,
        details=dict(entry.details),
    )
