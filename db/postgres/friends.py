"""Friends in Postgres: requests, friendships and their rooms. Ids are text, times ms since the epoch.

Whatever changes what two have with each other locks both first, as a block does: so requests that cross make
one friendship, and of an answer, a withdrawal and a block at once each sees what came before it. What an
outage raises (`db.outage`) passes through.
"""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.friends import Asked, Box, FriendRequestView, FriendView
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.notices import friend_accepted, friend_requested
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_SQL = queries("friends")


class Friendship(Struct, frozen=True):
    """A friendship, whether it stands or not. `user_a` is the smaller id."""

    id: str
    user_a: str
    user_b: str
    room_id: str

    def friend_of(self, user_id: str) -> str:
        """The other one."""
        return self.user_b if self.user_a == user_id else self.user_a


class FriendRequest(Struct, frozen=True):
    """A request, whatever has become of it."""

    id: str
    sender_id: str
    receiver_id: str

    def other(self, user_id: str) -> str:
        """Whom this one has asked, or who has asked them."""
        return self.receiver_id if self.sender_id == user_id else self.sender_id


class Step(Struct, frozen=True):
    """What a request or an answer has come to: friends, or a request that waits or waited."""

    friendship: Friendship | None = None
    request: FriendRequest | None = None


class FriendStore:
    """Requests and friendships. Each pair has at most one of each. Everything may be repeated."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, *, refusals: int, notify: Notify) -> None:
        self._pool, self._cards, self._refusals = pool, cards, refusals
        self._notify = notify

    # What changes something

    async def ask(
        self, sender: str, receiver: str, key: IdempotencyKey | None, now: int
    ) -> tuple[Asked, Step]:
        """Ask somebody; where they have asked already, the two are friends. Who is a friend stays one.

        Raises `NotFound` for one who is gone, banned or blocked, either way; `Conflict` for one who has
        refused too often, `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Asked)) is not None:
                return known, Step()
            await lock_users(connection, (sender, receiver))
            step = await self._ask(connection, sender, receiver, now)
            answer = await self._asked(connection, sender, step, now)
            # Not the signed address of the photo, which is good for whoever has it, and not for long.
            await keep(connection, key, replace(answer, user=replace(answer.user, photo_url=None)))
            return answer, step

    async def _ask(self, connection: Connection, sender: str, receiver: str, now: int) -> Step:
        found = await connection.fetchrow(_SQL["between"], sender, receiver, to_datetime(now))
        if not found["possible"]:
            raise NotFound
        if found["friendship_id"]:
            return Step(friendship=await _friendship(connection, found["friendship_id"]))
        if found["request_id"] and not found["own"]:
            return Step(friendship=await self._accept(connection, found["request_id"], sender, receiver, now))
        if found["refused"] >= self._refusals:
            raise Conflict("They have said no before. Leave it to them to ask you.")
        request = FriendRequest(found["request_id"] or new_id(now), sender, receiver)
        if not found["request_id"]:
            await connection.execute(_SQL["ask"], request.id, sender, receiver, to_datetime(now))
            await self._notify(connection, friend_requested(receiver, sender), now)
        return Step(request=request)

    async def accept(self, request_id: str, user_id: str, now: int) -> Friendship:
        """Say yes to a request that one has got; again: the same friendship.

        Raises `NotFound` for what is not one's to accept, or waits no longer.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, request_id, user_id)
            if row is None or row["receiver_id"] != user_id:
                raise NotFound
            found = await connection.fetchrow(_SQL["between"], user_id, row["sender_id"], to_datetime(now))
            if not found["possible"]:
                raise NotFound
            if row["state"] == "open":
                return await self._accept(connection, request_id, user_id, row["sender_id"], now)
            if row["state"] == "accepted" and found["friendship_id"]:
                return await _friendship(connection, found["friendship_id"])
            raise NotFound

    async def _accept(
        self, connection: Connection, request_id: str, user_id: str, asker: str, now: int
    ) -> Friendship:
        """The user says yes to whoever asked, and the two, who are locked, are friends."""
        friendship = await _befriend(connection, request_id, user_id, asker, now)
        await self._notify(connection, friend_accepted(asker, user_id), now)
        return friendship

    async def refuse(self, request_id: str, user_id: str, now: int) -> FriendRequest | None:
        """Say no to a request that one has got, or take one's own back. None: it was over before.

        Raises `NotFound` for others' requests, `Conflict` where it has made them friends.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, request_id, user_id)
            if row is None:
                raise NotFound
            if row["state"] == "accepted":
                raise Conflict("You are friends already.")
            said = "withdrawn" if row["sender_id"] == user_id else "refused"
            closed = await connection.fetchval(_SQL["close"], request_id, said, to_datetime(now))
        return closed and FriendRequest(request_id, row["sender_id"], row["receiver_id"])

    async def unfriend(self, user_id: str, friend_id: str, now: int) -> Friendship:
        """Friends no longer; gives what has ended, now or before. Raises `NotFound` where nothing was."""
        user_a, user_b = sorted((user_id, friend_id))
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_a, user_b))
            await connection.execute(_SQL["unfriend"], user_a, user_b, user_id, to_datetime(now))
            row = await connection.fetchrow(_SQL["last"], user_a, user_b)
        if row is None:
            raise NotFound
        return _friends(row)

    async def forget(self, before: int, *, limit: int) -> int:
        """Requests that were over before a time."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))

    # What people see

    async def friendship(self, friendship_id: str) -> Friendship:
        """One that is on record."""
        async with self._pool.acquire() as connection:
            return await _friendship(connection, friendship_id)

    async def friends(
        self, user_id: str, *, before: str | None, limit: int, now: int
    ) -> list[tuple[str, FriendView]]:
        """The user's friends with the ids of their friendships, newest first: those older than `before`."""
        rows = await self._pool.fetch(_SQL["friends"], user_id, to_datetime(now), before, limit)
        return [(row["id"], self._friend(row, today(now))) for row in rows]

    async def friend(self, user_id: str, friend_id: str, now: int) -> FriendView | None:
        """One friend as this user sees them."""
        row = await self._pool.fetchrow(_SQL["friend"], user_id, to_datetime(now), friend_id)
        return row and self._friend(row, today(now))

    async def requests(
        self, user_id: str, box: Box, *, before: str | None, limit: int, now: int
    ) -> list[FriendRequestView]:
        """Requests that wait for an answer, newest first: those older than `before`."""
        rows = await self._pool.fetch(_SQL[_BOXES[box]], user_id, to_datetime(now), before, limit, None)
        return [self._request(row, box, today(now)) for row in rows]

    async def request(self, request: FriendRequest, user_id: str, now: int) -> FriendRequestView | None:
        """An open request as one of its two sees it."""
        async with self._pool.acquire() as connection:
            return await self._seen(connection, request, user_id, now)

    async def _asked(self, connection: Connection, sender: str, step: Step, now: int) -> Asked:
        """What the sender is answered."""
        if step.friendship:
            friend_id = step.friendship.friend_of(sender)
            row = await connection.fetchrow(_SQL["friend"], sender, to_datetime(now), friend_id)
            friend = self._friend(row, today(now))
            return Asked(
                user=friend.user,
                since=friend.since,
                room_id=friend.room_id,
                connection_id=friend.connection_id,
            )
        assert step.request
        seen = await self._seen(connection, step.request, sender, now)
        assert seen
        return Asked(user=seen.user, id=seen.id, box=seen.box, created_at=seen.created_at)

    async def _seen(
        self, connection: Connection, request: FriendRequest, user_id: str, now: int
    ) -> FriendRequestView | None:
        box: Box = "out" if request.sender_id == user_id else "in"
        row = await connection.fetchrow(_SQL[_BOXES[box]], user_id, to_datetime(now), None, 1, request.id)
        return row and self._request(row, box, today(now))

    def _friend(self, row: Record, today: date) -> FriendView:
        return FriendView(
            user=self._cards.card(row, today),
            since=rfc3339(to_ms(row["created_at"])),
            room_id=row["room_id"],
            connection_id=row["connection_id"],
        )

    def _request(self, row: Record, box: Box, today: date) -> FriendRequestView:
        return FriendRequestView(
            id=row["id"],
            user=self._cards.card(row, today),
            box=box,
            created_at=rfc3339(to_ms(row["created_at"])),
        )


_BOXES: dict[Box, str] = {"in": "received", "out": "sent"}


async def _locked(connection: Connection, request_id: str, user_id: str) -> Record | None:
    """The request as it is once its two are locked; None for others' requests."""
    row = await connection.fetchrow(_SQL["request"], request_id, user_id)
    if row is None:
        return None
    await lock_users(connection, (row["sender_id"], row["receiver_id"]))
    return await connection.fetchrow(_SQL["request"], request_id, user_id)


async def _befriend(connection: Connection, request_id: str, one: str, other: str, now: int) -> Friendship:
    """The request has made friends of the two, who are locked."""
    await connection.execute(_SQL["close"], request_id, "accepted", to_datetime(now))
    (user_a, user_b), at = sorted((one, other)), to_datetime(now)
    room_id = await connection.fetchval(_SQL["open_room"], user_a, user_b)
    if room_id is None:
        room_id = new_id(now)
        await connection.execute(_SQL["make_room"], room_id, user_a, user_b, at)
    friendship = Friendship(new_id(now), user_a, user_b, room_id)
    await connection.execute(_SQL["befriend"], friendship.id, user_a, user_b, room_id, at)
    return friendship


async def _friendship(connection: Connection, friendship_id: str) -> Friendship:
    return _friends(await connection.fetchrow(_SQL["friendship"], friendship_id))


def _friends(row: Record) -> Friendship:
    return Friendship(row["id"], row["user_a"], row["user_b"], row["room_id"])
