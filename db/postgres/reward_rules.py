"""Rules by which people earn rewards, in Postgres. What admins do is on the audit log.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from typing import get_args

from msgspec import UNSET, convert, structs

from core.clock import DAY_MS, rfc3339, to_datetime, to_ms
from core.contract.reward_rules import NewRule, Preview, Reached, RulePatch, RulePreview, RuleView
from core.errors import InvalidRequest, NotFound
from core.ids import new_id
from core.reward_rules import REACHED, RuleKind, Terms, mistake
from db.postgres import audit
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.partners import check_budget
from db.postgres.pool import Connection, Pool, Record, queries

_SQL = queries("reward_rules")
PREVIEWS: dict[RuleKind, str] = {
    kind: _SQL["preview"].replace(":reached", _SQL[kind]) for kind in get_args(RuleKind)
}


class RewardRuleStore:
    """Rules."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, *, before: str | None, limit: int) -> list[RuleView]:
        """Newest first: those before this one."""
        return [_view(row) for row in await self._pool.fetch(_SQL["page"], before, limit)]

    async def create(self, new: NewRule, by: str, key: IdempotencyKey | None, now: int) -> RuleView:
        """Add one. Raises `InvalidRequest` for one that makes no sense, `NotFound` for its partner."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, RuleView)) is not None:
                return known
            made = await _write(connection, new_id(now), new, now)
            details = {"rule": made.id}
            await audit.note(connection, "reward_rule_created", None, details, by=by, now=now)
            return await keep(connection, key, made)

    async def change(self, rule_id: str, patch: RulePatch, by: str, now: int) -> RuleView:
        """Set what the patch names. Raises as `create`, and `InvalidRequest` for too small a budget."""
        changes = {name: value for name, value in structs.asdict(patch).items() if value is not UNSET}
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["locked"], rule_id)
            if row is None:
                raise NotFound
            same = {name: row[name] for name in NewRule.__struct_fields__}
            changed = NewRule(**{**same, **changes})
            check_budget(changed.budget, row["granted"])
            made = await _write(connection, rule_id, changed, now)
            details = {"rule": rule_id, "fields": sorted(changes)}
            await audit.note(connection, "reward_rule_changed", None, details, by=by, now=now)
            return made

    async def preview(self, asked: RulePreview, now: int) -> Preview:
        """Whom it would have reached. Raises as `create`."""
        terms = _terms(asked)
        since = to_datetime(now - asked.days * DAY_MS)
        async with self._pool.acquire() as connection:
            left = await _left(connection, asked.partner_id)
            number = asked.reaches if terms.kind in REACHED else asked.every
            word = asked.milestone if terms.kind == "milestone" else asked.at
            row = await connection.fetchrow(PREVIEWS[terms.kind], since, number, word)
        bounds = [bound for bound in (asked.budget, left) if bound is not None]
        return Preview(
            users=row["users"],
            rewards=row["rewards"],
            within_budget=min([row["rewards"], *bounds]),
            reached=convert(row["reached"] or [], list[Reached]),
        )


def _terms(rule: NewRule) -> Terms:
    """What it asks for. Raises `InvalidRequest` where that makes no sense."""
    terms = Terms(
        kind=rule.kind, every=rule.every, at=rule.at, reaches=rule.reaches, milestone=rule.milestone
    )
    if wrong := mistake(terms):
        raise InvalidRequest(wrong[1], details={"field": wrong[0]})
    return terms


async def _left(connection: Connection, partner_id: str | None) -> int | None:
    """How many rewards its partner still grants; None: any number. Raises `NotFound`."""
    if partner_id is None:
        return None
    row = await connection.fetchrow(_SQL["budget_of_partner"], partner_id)
    if row is None:
        raise NotFound("There is no such partner.", details={"field": "partner_id"})
    left: int | None = row["left"]
    return left


async def _write(connection: Connection, rule_id: str, rule: NewRule, now: int) -> RuleView:
    _terms(rule)
    await _left(connection, rule.partner_id)
    row = await connection.fetchrow(
        _SQL["write"],
        rule_id,
        rule.kind,
        rule.every,
        rule.at,
        rule.reaches,
        rule.milestone,
        rule.type,
        rule.title,
        rule.description,
        rule.partner_id,
        rule.valid_days,
        rule.budget,
        rule.active,
        to_datetime(now),
    )
    return _view(row)


def _view(row: Record) -> RuleView:
    times = {name: rfc3339(to_ms(row[name])) for name in ("created_at", "updated_at")}
    return convert({**row, **times}, RuleView)
