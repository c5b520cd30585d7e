"""What is for admins alone; the boundary lets in nobody else. Reading only."""

from core.clock import rfc3339
from core.contract.audit import AuditEntry, AuditPage, AuditQuery
from core.contract.matches import MatchReplay
from db.postgres.audit import AuditLog, Entry
from rest import cursors
from rest.boundary import Exchange
from services.ports import Replays


class AdminHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, replays: Replays, log: AuditLog) -> None:
        self._replays, self._log = replays, log

    async def match_replay(self, exchange: Exchange) -> MatchReplay:
        """GET /v1/admin/calls/{id}/match"""
        return await self._replays.of(exchange.path["id"])

    async def audit(self, exchange: Exchange) -> AuditPage:
        """GET /v1/admin/audit"""
        query = exchange.asked(AuditQuery)
        found = await self._log.entries(
            user_id=query.user_id, before=cursors.to_id(query.cursor), limit=query.limit + 1
        )
        items, after = cursors.page(found, query.limit, lambda entry: cursors.of_id(entry.id))
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
