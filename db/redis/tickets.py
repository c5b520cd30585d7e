"""Tickets in Redis: the queue of one region, all of it in one slot of a cluster. Owner of `queue:{region}:*`.

    tickets, places   hash    ticket id -> the ticket; -> the sorted sets it stands in, and traits, as words
    users             hash    user id -> ticket id: at most one each
    leases            zset    user id by the time at which the lease ends
    <mode>            zset    ticket id by joined_at: all who wait, without reserved places (`reserve`)
    <mode>:<g>:<s>    zset    ticket id by joined_at: of gender g, seeking s; a ticket is in up to three
    <mode>:<g>:<s>:<b>  zset  the same, of age band b (`matching/pools.py`)
    held              hash    ticket id -> call id of the claim that has it
    claims, claimed   hash    call id -> the claim; zset by the time it was made: not settled yet
    out:<user>        string  what took the user out of the queue last: the call id of the claim, or the id of
                              the ticket that left; for an hour
    left:<user>       string  the ticket that the user wanted to leave while a claim held it; for an hour
    came:<user>       string  when the user joined last (ms); for 30 s
    noted:<user>      string  when the user was last noted to have left by themselves (ms); for 15 minutes
    habit:<user>      string  "waits left ms offers missed": as they were before (`matching/habit.py`); a week
    missed:<user>     string  the latest call that they are noted not to have accepted; for an hour
    gone              hash    ticket id -> "user reason": left, still to be told
    <mode>:turn       string  the node that sweeps
    <mode>:news       string  when news of the wait were sent last
    <mode>:recent     list    the latest tickets to join, newest first, without `haunts`
    <mode>:waits      list    "ms places @at" of the latest matched, "- places @at" of those whose time ended,
                              and "- places @at ms" of those who left by themselves
    aside             list    claims that no node could finish, for an operator to look at

Each change is one script, so that a crash falls between changes and never inside one. What came first is
never decided by times, which come from the nodes' own clocks: they only measure durations.
"""

import asyncio
import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
from msgspec.structs import replace

from core.presence import channel
from core.ticket import (
    Census,
    Claim,
    Claimed,
    Departure,
    Market,
    Placed,
    Pool,
    Ticket,
    Turn,
    claimed,
    claims_channel,
)
from core.vocabulary import Gender, LeftReason
from db.redis.market_reader import MarketReader
from db.redis.multiplexed import Arg, RedisClient, Script, load_script, script_words
from db.redis.queue_keys import Learnt, prefix
from db.redis.ticket_reader import TicketReader
from db.redis.unusable import ASIDE_MOST, ASIDE_MS, Unusable, Why
from matching.habit import Before, Habit
from matching.pools import pools_for, pools_of

_LUA = Path(__file__).with_name("lua") / "queue"
_SHARED = "\n".join(file.read_text() for file in sorted((_LUA / "lib").glob("*.lua")))
# A second `claim` or `leave` would be refused because of the first, whose answer nobody has.
_ONCE = {"claim", "leave"}
_SCRIPTS: Mapping[str, Script] = {
    file.stem: load_script(file, repeatable=file.stem not in _ONCE, shared=_SHARED)
    for file in _LUA.glob("*.lua")
}
_AT_ONCE = 500  # in one command, so that Redis can answer others in between
_NEWS_MS = 60_000
_RECENT, _WAITS = 256, 512  # as the scripts keep
_REMEMBER_OUT_MS = 3_600_000  # longer than a join or a given-back place can be late
_GENDERS: tuple[Gender, ...] = get_args(Gender)
# How long nodes of other versions have to finish a claim that this one cannot read.
_UNREADABLE_MS = 60_000


def places(ticket: Ticket) -> str:
    """The sorted sets that a ticket is in, of its mode and pools; then its traits, noted with its wait."""
    return " ".join([ticket.mode, *(f"{ticket.mode}:{pool}" for pool in (*pools_of(ticket), *ticket.traits))])


class RedisTickets:
    """Implements `TicketStore` of `realtime/matchmaking/ports.py`.

    A ticket that cannot be read is nobody's match and nobody's obstacle: it waits for a node that can.
    """

    def __init__(self, redis: RedisClient, region: str, unusable: Unusable | None = None) -> None:
        self._redis = redis
        self._unusable = unusable or Unusable()
        self._region, self._prefix = region, prefix(region)
        self._reader = TicketReader(self._unusable)
        self._market = MarketReader(self._reader, self._unusable)
        self._claim = msgspec.msgpack.Decoder(Claim).decode
        self._encode = msgspec.msgpack.Encoder().encode

    async def before(self, user_id: str) -> Before:
        """What took this user out of the queue last, for `join` to compare, and how they waited before."""
        return (await self.before_each([user_id]))[0]

    async def before_each(self, user_ids: Sequence[str]) -> Sequence[Before]:
        """The same of several, in one trip."""
        keys = [f"{self._prefix}:{what}:{user_id}" for what in ("out", "habit") for user_id in user_ids]
        noted = cast("list[bytes | None]", await self._redis.command("MGET", *keys))
        each = zip(noted[: len(user_ids)], noted[len(user_ids) :], strict=True)
        return [Before(out.decode() if out else "", Habit.read(habit)) for out, habit in each]

    async def join(self, ticket: Ticket, lease_until: int, out: str | None = None) -> Ticket | None:
        """Enter, and announce it, or get the ticket that the user has already, waiting or claimed.

        None: by now the user has gone out of the queue with something else than `out`, perhaps into a call;
        or with a ticket that only another version reads, which leaves so that this one can be joined with.
        """
        return await self._placed(ticket, await self._join(ticket, lease_until, out))

    async def join_and_look(self, ticket: Ticket, lease_until: int, out: str, limit: int) -> Placed | None:
        """`join`, and then how many are `waiting` and the ids of the `candidates`, in one trip."""
        joining, looking = self._join(ticket, lease_until, out), self._look(ticket, limit)
        placed = await self._placed(ticket, await joining)
        waiting, ids = await looking
        return None if placed is None else Placed(placed, waiting, ids)

    def keep(self, ticket: Ticket) -> None:
        """Another node has just made it: nobody here needs to read it."""
        self._reader.keep(ticket)

    def _join(self, ticket: Ticket, lease_until: int, out: str | None) -> "asyncio.Future[Any]":
        whose = (ticket.user_id, ticket.id, ticket.joined_at, self._encode(ticket), places(ticket))
        out = "?" if out is None else out
        # The latest to join are kept when they have long left, and then nobody is to learn where they go.
        less = self._encode(replace(ticket, haunts=())) if ticket.haunts else ""
        return self._together("join", *whose, lease_until, out, channel(ticket.user_id), less)

    async def _placed(self, ticket: Ticket, own: bytes) -> Ticket | None:
        """What join.lua has answered means."""
        if own == b"overtaken":
            return None
        if own:
            placed = self._reader.decode(own, ticket.user_id)
            if placed is None:
                await self.leave(ticket.user_id, "left")
            return placed
        self._reader.keep(ticket)
        return ticket

    async def leave(
        self, user_id: str, reason: LeftReason, ticket_id: str | None = None, *, at: int | None = None
    ) -> Departure | None:
        """As the port. One that a claim holds is not given back to who has `left`, unless they join again."""
        whose = (user_id, reason, ticket_id or "")
        left = await self._run("leave", *whose, _REMEMBER_OUT_MS, "" if at is None else at)
        return Departure(ticket_id=left.decode(), user_id=user_id, reason=reason) if left else None

    async def missed(self, ticket: Ticket, call_id: str, at: int, *, waited_ms: int, gone: bool) -> None:
        """Its user did not accept this offer; `gone`: so they have left by themselves, at that time (ms)."""
        whose = (ticket.user_id, call_id, _REMEMBER_OUT_MS, places(ticket))
        await self._run("missed", *whose, waited_ms, at, "gone" if gone else "")

    async def forget(self, user_id: str) -> None:
        """What was learnt of how this user waits and answers."""
        await Learnt(self._redis, self._region).forget(user_id)

    async def of(self, user_id: str) -> Ticket | None:
        """The ticket of this user, waiting or claimed."""
        own = cast("bytes | None", await self._ask("HGET", "users", user_id))
        found = await self.read([own]) if own else ()
        return found[0] if found else None

    async def queuing(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users who have a ticket, waiting or claimed."""
        if not user_ids:
            return frozenset()
        tickets = cast("list[bytes | None]", await self._ask("HMGET", "users", *user_ids))
        return frozenset(user_id for user_id, own in zip(user_ids, tickets, strict=True) if own)

    async def resume(self, user_id: str, until: int) -> Ticket | None:
        """`renew` for one user, and then `of`, in one trip."""
        renewing = self._ask("ZADD", "leases", "XX", "GT", until, user_id, repeatable=True)
        ticket = await self.of(user_id)
        await renewing
        return ticket

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        """These users are connected: renew the leases of their tickets, if any, until then."""
        leases = [part for user_id in user_ids for part in (until, user_id)]
        asked = [
            self._ask("ZADD", "leases", "XX", "GT", *leases[start : start + 2 * _AT_ONCE], repeatable=True)
            for start in range(0, len(leases), 2 * _AT_ONCE)
        ]
        for renewed in asked:
            await renewed

    async def waiting(self, mode: str) -> int:
        """How many wait."""
        return cast("int", await self._ask("ZCARD", mode))

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        """The first and the last of each pool that fits by mode, gender and age, about `limit` in all."""
        _, ids = await self._look(ticket, limit)
        return await self.read(ids)

    async def look(self, ticket: Ticket, limit: int) -> Sequence[Ticket] | None:
        """`candidates` of a ticket that waits; None: it does not, or not any more."""
        place, looking = self._ask("ZSCORE", ticket.mode, ticket.id), self._look(ticket, limit)
        _, ids = await looking
        return await self.read(ids) if await place is not None else None

    def _look(self, ticket: Ticket, limit: int) -> "asyncio.Future[Any]":
        """Who looks in the same pools in one turn sees the same, after all of them have joined."""
        pools = (f"{ticket.mode}:{pool}" for pool in pools_for(ticket))
        return self._redis.share(_SCRIPTS["candidates"], (self._prefix,), (limit, ticket.mode, *pools))

    async def everyone(self, mode: str) -> Sequence[Ticket]:
        """All who wait, the longest waiting first."""
        return await self.read(cast("list[bytes]", await self._ask("ZRANGE", mode, 0, -1)))

    async def market(self, mode: str) -> Market:
        """A summary of the queue: the latest to join, how many wait in each pool, the latest waits."""
        recent, waits = (
            self._ask("LRANGE", f"{mode}:{which}", 0, most - 1)
            for which, most in (("recent", _RECENT), ("waits", _WAITS))
        )
        pools = [(gender, sought) for gender in _GENDERS for sought in _GENDERS]
        counts = [self._ask("ZCARD", f"{mode}:{gender}:{sought}") for gender, sought in pools]
        return Market(
            arrivals=self._market.arrivals(mode, await recent),
            waits=self._market.waits(mode, await waits),
            stock={pool: await count for pool, count in zip(pools, counts, strict=True)},
        )

    async def census(self, ticket: Ticket, most: int) -> Census:
        """How many others wait in each fitting pool, with some of their tickets (`most` in all) at random."""
        each, own = most // len(ticket.genders), ticket.id.encode()
        waiting, place = self._ask("ZCARD", ticket.mode), self._ask("ZSCORE", ticket.mode, own)
        places = [f"{ticket.mode}:{gender}:{ticket.card.gender}" for gender in ticket.genders]
        asked = [(self._ask("ZCARD", pool), self._ask("ZRANDMEMBER", pool, each)) for pool in places]
        present, pools = int(await place is not None), []
        for gender, (number, ids) in zip(ticket.genders, asked, strict=True):
            drawn = await self.read([ticket_id for ticket_id in await ids if ticket_id != own])
            others = await number - (present if gender == ticket.card.gender else 0)
            pools.append(Pool(others, tuple(drawn)))
        return Census(await waiting - present, tuple(pools))

    async def claim(self, claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        """Take both tickets out and leave the claim as a record, or do nothing.

        If the first is gone, the first of `instead` that still waits is taken. `aloud`: other nodes are told.
        """
        # The script puts in the ticket of whomever it takes, as Redis has it.
        begin, _, end = self._encode(claim).partition(self._encode(claim.first))
        seeker, firsts = (claim.second.id, claim.second.user_id), (claim.first, *instead)
        named = [word for first in firsts for word in (first.id, first.user_id)]
        said = claims_channel(self._region) if aloud else ""
        whole = (claim.claimed_at, claim.call_id, begin, end, said)
        gone = int(await self._run("claim", *whole, *seeker, *named))
        return claimed(claim, firsts, gone)

    def settle(self, claim: Claim) -> "asyncio.Future[Any]":
        """The claim has become an offer: remove it and the tickets that it still holds, and tell watchers."""
        shown = (channel(ticket.user_id) for ticket in (claim.first, claim.second))
        return self._together("settle", claim.call_id, *_two(claim), *shown, head=(_REMEMBER_OUT_MS,))

    async def reserve(self, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
        """Give a ticket back at its old place after that call failed, once.

        Nobody is matched with it before it may `enter`. Gives the ticket that the user has now: another one,
        when they have joined again meanwhile; None when they have gone out of the queue otherwise since.
        """
        whole = self._whole(ticket, call_id, lease_until, at_once=False)
        own = await self._run("restore", *whole)
        return self._reader.decode(own, ticket.user_id) if own else None

    async def enter(self, ticket: Ticket) -> bool:
        """Let it be matched from now on. False: it does not wait any more."""
        return bool(await self._run("enter", ticket.user_id, ticket.id, ticket.joined_at))

    def elsewhere(self, region: str) -> "RedisTickets":
        """The queue of another region, on the same Redis: its scripts and tickets are known already."""
        other = copy.copy(self)
        other._region, other._prefix = region, prefix(region)
        return other

    async def refuse(
        self, claim: Claim, others: Sequence[Ticket], lease_until: int
    ) -> Sequence[Ticket | None]:
        """These get their old places back and the claim is settled, all at once.

        Dying halfway leaves a claim that is whole. Gives the tickets that the other users have now.
        """
        steps = [("restore", self._whole(ticket, claim.call_id, lease_until)) for ticket in others]
        steps.append(("settle", (_REMEMBER_OUT_MS, claim.call_id, *_two(claim), "", "")))
        commands = [script_words(_SCRIPTS[name], [self._prefix], args) for name, args in steps]
        *restored, _ = await self._redis.transaction(commands, repeatable=True)
        pairs = zip(others, restored, strict=True)
        return [self._reader.decode(body, ticket.user_id) if body else None for ticket, body in pairs]

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        """Claims made before then that nobody has settled.

        One that cannot be read is left to nodes that can, and given up after a minute.
        """
        old = await self._ask("ZRANGEBYSCORE", "claimed", "-inf", claimed_before, "WITHSCORES")
        bodies = await self._ask("HMGET", "claims", *old[::2]) if old else []
        claims = []
        for call_id, at, body in zip(old[::2], map(int, old[1::2]), bodies, strict=True):
            try:
                claims += [self._claim(body)] if body else []
            except msgspec.MsgspecError as error:
                self._unusable.skipped("claim", call_id.decode(), error)
                if at <= claimed_before - _UNREADABLE_MS:
                    await self._give_up(call_id.decode(), "unreadable")
        return tuple(claims)

    async def give_up(self, claim: Claim) -> None:
        """Set aside a claim that cannot be finished. Its users leave the queue, and must be told."""
        await self._give_up(claim.call_id, "failing")

    async def _give_up(self, call_id: str, why: Why) -> None:
        if await self._run("give_up", call_id, _REMEMBER_OUT_MS, ASIDE_MOST, ASIDE_MS):
            self._unusable.set_aside("claim", call_id, why)

    async def lapse(self, now: int, lease_ms: int | None = None) -> Sequence[Departure]:
        """Take out tickets whose lease has expired. Gives all departures that were not `told` yet.

        `lease_ms`: how long a lease is, which says when each user was last there: then they have left. Where
        it ended as long ago, nobody was there to judge: nothing is learnt of who did not come back.
        """
        bounds = (_AT_ONCE, _REMEMBER_OUT_MS, "" if lease_ms is None else lease_ms)
        gone = await self._run("lapse", now, *bounds)
        pairs = zip(gone[::2], gone[1::2], strict=True)
        left = (_departure(ticket_id.decode(), noted.decode().split()) for ticket_id, noted in pairs)
        return tuple(departure for departure in left if departure is not None)

    async def told(self, departures: Iterable[Departure]) -> Sequence[Departure]:
        """Note that their users have been told. Gives those that were not noted before."""
        asked = [(departure, self._ask("HDEL", "gone", departure.ticket_id)) for departure in departures]
        return [departure for departure, first in asked if await first]

    async def last_news(self, mode: str, now: int) -> int | None:
        """When news of the wait were sent last, which is `now` from here on. None: not lately."""
        last = await self._ask("SET", f"{mode}:news", now, "PX", _NEWS_MS, "GET")
        return int(last) if last else None

    async def take_turn(self, mode: str, node: str, ms: int) -> Turn:
        """How many wait, and whether this node is the one to sweep, for at most `ms`."""
        also = (f"{self._prefix}:{key}" for key in ("claimed", "gone"))
        asked = self._ask("ZCARD", mode), self._ask("EXISTS", "leases", *also)
        waiting, anything = [await each for each in asked]
        # A second time it would be refused because of the first, whose answer nobody has.
        taken = anything and await self._ask("SET", f"{mode}:turn", node, "NX", "PX", ms, repeatable=False)
        return Turn(waiting, bool(taken))

    async def end_turn(self, mode: str, node: str, rest_ms: int) -> None:
        """The sweep is done: nobody needs to sweep again for `rest_ms`."""
        await self._redis.run(_SCRIPTS["end_turn"], [f"{self._prefix}:{mode}:turn"], (node, rest_ms))

    def _whole(
        self, ticket: Ticket, call_id: str, lease_until: int, *, at_once: bool = True
    ) -> tuple[Arg, ...]:
        """The arguments of restore.lua."""
        whose = (call_id, ticket.user_id, ticket.id, ticket.joined_at)
        return (
            *whose,
            self._encode(ticket),
            places(ticket),
            lease_until,
            "now" if at_once else "",
            _REMEMBER_OUT_MS,
        )

    def _run(self, script: str, *args: Arg) -> "asyncio.Future[Any]":
        return self._redis.run(_SCRIPTS[script], [self._prefix], args)

    def _together(self, script: str, *args: Arg, head: Sequence[Arg] = ()) -> "asyncio.Future[Any]":
        """One script for all who ask for it in this turn."""
        return self._redis.gather(_SCRIPTS[script], (self._prefix,), args, head=head, repeatable=True)

    def _ask(self, verb: str, key: str, *args: Arg, repeatable: bool | None = None) -> "asyncio.Future[Any]":
        return self._redis.command(verb, f"{self._prefix}:{key}", *args, repeatable=repeatable)

    async def read(self, ids: Sequence[bytes]) -> Sequence[Ticket]:
        """Those of these tickets that still exist, and perhaps some that this process has read before."""
        return await self._reader.read(ids, lambda some: self._ask("HMGET", "tickets", *some))


def _two(claim: Claim) -> tuple[str, str, str, str]:
    return claim.first.id, claim.first.user_id, claim.second.id, claim.second.user_id


def _departure(ticket_id: str, noted: Sequence[str]) -> Departure | None:
    """From the "user reason" of the scripts. More words, or fewer, are those of another version."""
    match noted:
        case [user_id, reason, *_]:
            return Departure(ticket_id=ticket_id, user_id=user_id, reason=cast("LeftReason", reason))
        case _:
            return None
