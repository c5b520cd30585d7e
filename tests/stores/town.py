"""A town of people and what they do to each other, on record in the real stores."""

from core.clock import now_ms
from core.ticket import Tier
from core.vocabulary import EndReason
from db.postgres.audit import AuditLog
from db.postgres.trust import Conduct, Standing, TrustStore
from services.trust import standing_of
from tests.stores.world import World

DAY = 86_400_000
HOUR = 3_600_000


class Town:
    """What people do to each other, put on record."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = TrustStore(world.pool)
        self.log = AuditLog(world.pool)

    async def call(
        self,
        users: tuple[str, str],
        *,
        by: str | None = None,
        reason: EndReason = "hung_up",
        ago: int = 60_000,
        live_ms: int = 60_000,
        away_ms: int = 0,
    ) -> str:
        """A live call that ended so, in which they were away for a while."""
        now = now_ms() - ago
        call = await self.world.offered(users, now=now)
        await self.world.call_records.started(call, now)
        await self.world.call_records.live(call, now)
        await self.world.call_records.ended(
            call,
            reason=reason,
            by=by,
            duration_s=live_ms // 1000,
            now=now + live_ms + away_ms,
            decision_deadline=None,
        )
        return call

    async def reported(self, who: str, *, times: int, ago: int = 60_000) -> list[str]:
        """By so many people who met them, and whom others know; gives these."""
        reporters = [await self.world.person(f"R{n}") for n in range(times)]
        await self.world.known(reporters)
        for reporter in reporters:
            call = await self.call((who, reporter), by=reporter, reason="reported", ago=ago)
            await self.world.report(call, reporter, who, "spam", at=now_ms() - ago)
        return reporters

    async def met_by(self, who: str) -> list[str]:
        """All whom they have met."""
        query = (
            "SELECT DISTINCT peer.user_id FROM interaction.call_participants own"
            " JOIN interaction.call_participants peer USING (call_id)"
            " WHERE own.user_id = $1 AND peer.user_id <> $1"
        )
        return [row["user_id"] for row in await self.world.pool.fetch(query, who)]

    async def place(self, who: str, tier: Tier) -> None:
        await self.world.pool.execute("UPDATE identity.users SET tier = $2 WHERE id = $1", who, tier)

    async def tier(self, who: str) -> Tier:
        return (await self._conduct(who, DAY)).said.tier

    async def standing(self, who: str, *, since: int = 30 * DAY) -> Standing:
        return standing_of(await self.store.with_company(await self._conduct(who, since)))

    async def _conduct(self, who: str, since: int) -> Conduct:
        found = await self.store.conduct(who, since=now_ms() - since, early_ms=3_000)
        assert found is not None
        return found
