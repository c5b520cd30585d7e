"""People in a real database, in the words of the product: sign up, meet, connect, block."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from core.clock import now_ms, to_datetime, to_ms
from core.ids import new_id
from core.keys import Keyring
from core.seals import Seals
from core.server_settings import DEFAULT_SECRET
from core.settings import Settings
from core.ticket import MatchDecision
from core.tokens import fingerprint
from core.vocabulary import EndReason, Origin, Role, StrikeAction
from db.migrations.migrate import migrate
from db.postgres.appeals import AppealStore
from db.postgres.bans import BanStore
from db.postgres.blocks import BlockStore
from db.postgres.call_records import CallRecords, Refusal
from db.postgres.cases import CaseStore
from db.postgres.connections import ConnectionRow, ConnectionStore
from db.postgres.eligibility import EligibilityStore
from db.postgres.evidence import EvidenceStore
from db.postgres.expulsions import expel_within
from db.postgres.friends import Friendship, FriendStore
from db.postgres.jobs import JobStore
from db.postgres.matches import MatchRecords
from db.postgres.notifications import NotificationStore
from db.postgres.pool import Connection, Pool, open_pool, queries
from db.postgres.reports import NewReport, ReportStore
from db.postgres.rooms import Reading, Receipt, Rooms
from db.postgres.sessions import NewSession, SessionStore
from db.postgres.strikes import NewStrike, Struck, strike_within
from matching.rematch import Since
from services.suspension import suspending
from tests.machines.variants import direct, is_pooled
from tests.patience import CROWD_S, PATIENCE_S
from tests.stores.saying import Said, Saying, drafted

DAY_MS = 86_400_000
TODAY = to_ms(datetime(2026, 6, 15, 12, tzinfo=UTC))


def since(ms: int) -> Since:
    """Whatever happened since then keeps apart."""
    return Since(met=ms, unanswered=ms)


class World:
    """The stores on one database, and what has to be there before a test begins."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.call_records = CallRecords(pool)
        self.connections = ConnectionStore(pool)
        self.eligibility = EligibilityStore(pool)
        self.rooms = Rooms(pool)
        self._saying = Saying()
        self.jobs = JobStore(pool, Seals(Keyring(DEFAULT_SECRET).keys("jobs")), now_ms)
        self.notifications = NotificationStore(pool, self.jobs)
        self.friends = FriendStore(pool, refusals=3, notify=self.notifications.notify)
        self.matches = MatchRecords(pool)
        self.blocks = BlockStore(pool)
        rule = suspending(Settings())
        self.seals = Seals(Keyring(DEFAULT_SECRET).keys("evidence"))
        self.reports = ReportStore(pool, self.seals, rule, window_ms=365 * 86_400_000)
        self.evidence = EvidenceStore(pool)
        self.cases = CaseStore(pool, self.seals, rule, self.notifications.notify)

    async def person(self, name: str = "Ana", **profile: object) -> str:
        """A new account with a profile; gives its id."""
        user_id, at = new_id(), to_datetime(now_ms())
        columns = {
            "user_id": user_id,
            "display_name": name,
            "birth_date": date(1996, 6, 16),
            "gender": "female",
            "languages": ["en"],
            "updated_at": at,
            **profile,
        }
        await self.pool.execute(
            "INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at)"
            " VALUES ($1, $2 || '@example.org', $2, 'x', $3, $3)",
            user_id,
            user_id,
            at,
        )
        places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        await self.pool.execute(
            f"INSERT INTO identity.profiles ({', '.join(columns)}) VALUES ({places})", *columns.values()
        )
        return user_id

    async def accounts(self, user_ids: Sequence[str]) -> None:
        """Accounts with these ids, without a profile."""
        at = to_datetime(now_ms())
        await self.pool.executemany(
            "INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at)"
            " VALUES ($1, $2 || '@example.org', $2, 'x', $3, $3)",
            [(user_id, user_id, at) for user_id in user_ids],
        )

    async def pair(self) -> tuple[str, str]:
        """Two people who have not met."""
        return await self.person("Ana"), await self.person("Ben")

    async def offered(self, users: tuple[str, str], *, now: int | None = None) -> str:
        """An offer that nothing stands against; gives the call."""
        now = now or now_ms()
        call_id = new_id(now)
        assert await self.offer(call_id, users, now=now) is None
        return call_id

    async def offer(
        self,
        call_id: str,
        users: tuple[str, str],
        *,
        now: int | None = None,
        origin: Origin = "match",
        decision: MatchDecision | None = None,
        since: Since | None = None,
    ) -> Refusal | None:
        found = await self.call_records.offer(
            call_id,
            origin=origin,
            mode="video",
            region="main",
            users=users,
            now=now or now_ms(),
            decision=decision,
            since=since,
        )
        return found if isinstance(found, Refusal) else None

    async def talked(self, users: tuple[str, str], *, now: int | None = None) -> str:
        """A call that was live and has ended, open to decide."""
        now = now or now_ms()
        call_id = await self.offered(users, now=now)
        await self.call_records.started(call_id, now)
        await self.call_records.live(call_id, now + 1000)
        await self.end(call_id, now=now + 61_000, decision_deadline=now + 91_000)
        return call_id

    async def known(self, people: Sequence[str]) -> None:
        """Matching has brought each of them together with three strangers, on the last three days."""
        strangers = [await self.person("Stranger") for _ in range(3)]
        met = [
            (who, other, now_ms() - day * DAY_MS) for who in people for day, other in enumerate(strangers, 1)
        ]
        calls = [(new_id(at), who, other, to_datetime(at)) for who, other, at in met]
        await self.pool.executemany(
            "WITH call AS (INSERT INTO interaction.calls"
            " (id, origin, mode, region, offered_at, started_at, ended_at, end_reason, duration_s)"
            " VALUES ($1, 'match', 'voice', 'x', $4, $4, $4, 'hung_up', 0) RETURNING id)"
            " INSERT INTO interaction.call_participants (call_id, user_id, active)"
            " SELECT call.id, who, false FROM call, unnest(ARRAY[$2, $3]::uuid[]) AS who",
            calls,
        )

    async def end(
        self,
        call_id: str,
        *,
        reason: EndReason = "hung_up",
        now: int | None = None,
        decision_deadline: int | None = None,
    ) -> None:
        await self.call_records.ended(
            call_id,
            reason=reason,
            by=None,
            duration_s=60,
            now=now or now_ms(),
            decision_deadline=decision_deadline,
        )

    async def connected(self, users: tuple[str, str]) -> ConnectionRow:
        """Two who have talked and both said yes."""
        return await self.connect(await self.talked(users), users)

    async def connect(self, call_id: str, users: tuple[str, str]) -> ConnectionRow:
        return await self.connections.connect(
            call_id, connection_id=new_id(), room_id=new_id(), users=users, now=now_ms()
        )

    async def asked(self, sender: str, receiver: str) -> str:
        """Somebody has asked another to be a friend, who has not asked them; gives the request."""
        answer, _ = await self.friends.ask(sender, receiver, None, now_ms())
        assert answer.id, answer
        return answer.id

    async def befriended(self, users: tuple[str, str]) -> Friendship:
        """The first has asked, and the second said yes."""
        return await self.friends.accept(await self.asked(*users), users[1], now_ms())

    async def block(self, blocker: str, blocked: str) -> None:
        await self.pool.execute(
            "INSERT INTO identity.blocks VALUES ($1, $2, $3)", blocker, blocked, to_datetime(now_ms())
        )

    async def report(
        self,
        call_id: str,
        reporter: str,
        reported: str,
        reason: str = "spam",
        *,
        block: bool = False,
        at: int | None = None,
    ) -> str:
        """Report a call that ends by it, or has ended; gives the id of the report."""
        filed = await self.reports.file(
            NewReport(
                id=new_id(),
                subject_type="call",
                subject_id=call_id,
                reporter=reporter,
                reason=reason,
                note="was rude",
                block=block,
                at=at or now_ms(),
            ),
            ending=True,
        )
        assert filed.reported == reported
        return filed.id

    async def report_user(self, reported: str, reporter: str, reason: str = "spam") -> str:
        """Report somebody, and no call; gives the id of the report."""
        report = NewReport(
            id=new_id(),
            subject_type="user",
            subject_id=reported,
            reporter=reporter,
            reason=reason,
            note=None,
            block=False,
            at=now_ms(),
        )
        return (await self.reports.file(report)).id

    async def seen_with(self, kind: str, users: Sequence[str]) -> None:
        """All of them were seen with the same new device, or network."""
        await self.pool.execute(
            "INSERT INTO safety.known_marks (user_id, kind, mark, first_seen, last_seen)"
            " SELECT who, $2, $3, now(), now() FROM unnest($1::uuid[]) AS who",
            users,
            kind,
            new_id().encode()[-16:],
        )

    async def ban(self, user_id: str, *, until: int | None = None) -> str:
        ban_id = new_id()
        await self.pool.execute(
            "INSERT INTO identity.bans (id, user_id, reason, created_at, until)"
            " VALUES ($1, $2, 'spam', $3, $4)",
            ban_id,
            user_id,
            to_datetime(now_ms()),
            until and to_datetime(until),
        )
        return ban_id

    async def suspect(
        self, user_id: str, of_user_id: str, *shared: str, at: int | None = None, cleared: bool = False
    ) -> None:
        """That they may be the other, who is banned, by what they share; or were held to be, if cleared.

        Whatever a product that works on the same database has found of these two by itself.
        """
        when = to_datetime(now_ms() if at is None else at)
        await self.pool.execute(
            "INSERT INTO safety.suspicions"
            " (user_id, of_user_id, kind, shared, weight, suspect, at, cleared_at)"
            " VALUES ($1, $2, 'device', $3, 20, true, $4, $5)"
            " ON CONFLICT (user_id, of_user_id) DO UPDATE SET kind = excluded.kind, shared = excluded.shared,"
            " weight = excluded.weight, suspect = true, at = excluded.at, cleared_at = excluded.cleared_at",
            user_id,
            of_user_id,
            shared or ("device",),
            when,
            when if cleared else None,
        )

    async def photo(self) -> str:
        """One in the profile of a new person, on record alone: there is no file."""
        media_id = new_id()
        await self.pool.execute(
            "INSERT INTO social.media (id, owner_id, purpose, type, state, size, created_at, key, stored,"
            " used_for, used_at) VALUES ($1, $2, 'photo', 'image', 'ready', 1, now(), $3, true, $2, now())",
            media_id,
            await self.person(),
            f"photo/{media_id}",
        )
        return media_id

    async def strike(self, user_id: str, action: StrikeAction = "ban", **changes: Any) -> Struck:
        given = NewStrike(user_id=user_id, action=action, reason="spam")
        async with self.pool.acquire() as connection, connection.transaction():
            return await strike_within(connection, msgspec.structs.replace(given, **changes), now_ms())

    async def appeal(self, user_id: str) -> str:
        """Against a new strike, a warning; gives the appeal."""
        return await self.appeal_against(await self.strike(user_id, "warn"), user_id)

    async def appeal_against(self, given: Struck, user_id: str) -> str:
        await AppealStore(self.pool, self.notifications.notify).file(
            user_id, given.strike_id, "not so", None, now_ms()
        )
        query = "SELECT id FROM safety.appeals WHERE strike_id = $1"
        appeal_id: str = await self.pool.fetchval(query, given.strike_id)
        return appeal_id

    async def unban(self, user_id: str) -> None:
        await BanStore(self.pool).unban(user_id, None, now_ms())

    async def erase(self, user_id: str) -> None:
        """As an account will be: nothing that tells who it was is left of it, and they are out."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE identity.users SET email = NULL, username = NULL, password_hash = NULL,"
                " deleted_at = now() WHERE id = $1",
                user_id,
            )
            await expel_within(connection, user_id, "erased", now_ms())

    async def set_role(self, user_id: str, role: Role) -> None:
        await self.pool.execute("UPDATE identity.users SET role = $2 WHERE id = $1", user_id, role)

    async def say(
        self, room_id: str, sender: str, content: str = "hello", *, by: Rooms | None = None, **changes: object
    ) -> Said:
        """Send a message under a fresh client id, or the one given; `by` another node."""
        draft = msgspec.structs.replace(drafted(room_id, sender, content), **changes)
        return await self._saying.say(by or self.rooms, draft)

    async def read(self, room_id: str, reader: str, seq: int, *, at: int | None = None) -> Receipt:
        return await self.rooms.read(
            Reading(room_id=room_id, user_id=reader, seq=seq, at=now_ms() if at is None else at)
        )

    async def unread(self, user_id: str) -> dict[str, int]:
        """How many messages wait in each room, as a client is told that connects with a new session."""
        sessions, id_, now = SessionStore(self.pool), new_id(), now_ms()
        session = NewSession(
            id=id_,
            user_id=user_id,
            device=None,
            user_agent=None,
            token_hash=fingerprint(id_),
            expires_at=now + 60_000,
        )
        await sessions.open(session, now)
        found = await sessions.beginning(user_id, id_, now, fingerprint(id_))
        assert found is not None
        return found[1].unread

    async def waits_for_offers_to(self, user_id: str, work: Coroutine[Any, Any, Any]) -> None:
        """Fails unless this work waits while an offer to the user is decided on, and is done afterwards."""
        async with (
            asyncio.timeout(PATIENCE_S),
            self.pool.acquire() as holder,
            asyncio.TaskGroup() as group,
            holder.transaction(),
        ):
            await holder.execute(queries("user_locks")["lock_users"], [user_id])
            doing = group.create_task(work)
            await self.someone_waits_for(holder)
            assert not doing.done()

    async def someone_waits_for(self, holder: Connection) -> None:
        """Until another connection waits for a lock that this one holds. Ends by the caller's time limit.

        The server ends a transaction in which nothing is said for some seconds, but not this one.
        """
        await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))"
        pid = await holder.fetchval("SELECT pg_backend_pid()")  # a pooler tells another
        while not await self.pool.fetchval(query, pid):
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def world_at(database_url: str, *, migrated: bool = False) -> AsyncIterator[World]:
    """The world of this database, migrated unless it is known to be; connections closed at the end."""
    if not migrated:
        await migrate(direct(database_url), logging.getLogger(__name__))
    pool = await open_pool(database_url, size=8, patience_s=CROWD_S, prepared=not is_pooled(database_url))
    try:
        yield World(pool)
    finally:
        await pool.close()
