"""`python -m bench.matching.crowded`: from join to offer beside a crowd that waits, with sockets.

A node with `MATCHMAKER=apart` and a process that matches, as an operator starts them, on a real Redis and a
real PostgreSQL. Of those who wait some have sockets and hear `queue:updated`; the others are tickets. Those
who join do so over sockets, as chance has it: in turn one of the scarce side, whom many wait for, and one of
the plentiful side, so that the crowd keeps its size. Measured is from when a join of the scarce side was due
until `call:offered` has come, of those who had it before a sweep looks at them (a second). Some of them find
nobody worth what is asked, and wait until somebody joins who is: that is the policy's, and no server makes
that one come sooner. So it is also counted from the later of the two joins, which is the server's part.
And the first seconds are told apart: in them many come where nobody had come for a while.

Prints Markdown, with the CPU of each process. Where more than four fifths of the cores are used, by whomever,
the machine is measured and not the product. Ends by itself.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import aiohttp
import asyncpg
import numpy as np
import psutil
import uvloop
from msgspec import Struct

from bench.accounts import register
from bench.commands.people import Person
from bench.idle import Servers, cpu_ns, stores
from bench.matching import phases
from bench.matching.crowd import BenchCrowd, accounts, sign_up
from bench.sockets.wire import RawPeer, frame
from core.clock import now_ms, to_datetime
from core.ticket import Ticket
from db.redis.multiplexed import open_redis_client
from db.redis.tickets import RedisTickets
from tests.served import Served

_AT_ONCE = 20
_NOBODYS_AGE = 119
_CAME_MS = 200_000  # those who wait have come over so long
_LEASE_MS = 3_600_000
_SETTLED_S = 8.0
_SWEPT_S = 1.0
_MOST_BUSY = 0.8
_FIRST_S = 3.0
_OFFERED = b"call:offered"
_NEWS = b"queue:updated"
_JOIN = "1"  # the number of its answer
_ANSWERED = f"43{_JOIN}[".encode()


class Joiner(Struct):
    """Somebody who joins over a socket; times by `time.perf_counter`, 0 where it has not come to that."""

    person: Person
    scarce: bool
    due: float = 0.0
    placed: float = 0.0
    answer: bytes = b""
    offered: float = 0.0
    offer: bytes = b""

    def listen(self) -> None:
        """From now on only the answer to the join and the offer count."""

        def heard(_peer: RawPeer, payload: bytes) -> None:
            if not self.offered and _OFFERED in payload[:40]:
                self.offered, self.offer = time.perf_counter(), payload
            elif not self.placed and payload.startswith(_ANSWERED):
                self.placed, self.answer = time.perf_counter(), payload

        self.person.message = heard

    @property
    def peer(self) -> str:
        """Who was offered."""
        return str(_heard(self.offer)[1]["peer"]["user_id"])

    @property
    def call_id(self) -> str:
        """Of the offer."""
        return str(_heard(self.offer)[1]["call_id"])

    @property
    def joined_at(self) -> float:
        """By the wall clock, s: when the node took up the join."""
        joined_at = _heard(self.answer)[0]["data"]["ticket"]["joined_at"]
        return datetime.fromisoformat(joined_at).timestamp()


class Crowded:
    """The servers, and all who come to them."""

    def __init__(self, servers: Servers, node: Served, matchmaker: Served) -> None:
        self._servers, self.node, self.matchmaker = servers, node, matchmaker
        self.news = 0

    @property
    def processes(self) -> dict[str, list[psutil.Process]]:
        """By what they are, the clients among them."""
        return {
            "node": [psutil.Process(self.node.pid)],
            "matchmaker": [psutil.Process(self.matchmaker.pid)],
            "Redis": self._servers.processes("redis"),
            "PostgreSQL": self._servers.processes("postgres"),
            "clients": [psutil.Process()],
        }

    async def people(self, tickets: Sequence[Ticket], first: int) -> list[Person]:
        """These as accounts, connected; numbered from `first` on."""
        found: list[Person] = []
        port = int(self.node.address.rpartition(":")[2])
        async with aiohttp.ClientSession() as web:
            for start in range(0, len(tickets), _AT_ONCE):
                some = tickets[start : start + _AT_ONCE]
                signed = await asyncio.gather(
                    *(
                        register(web, self.node.address, first + start + nth, ticket.card.gender)
                        for nth, ticket in enumerate(some)
                    )
                )
                known = [{"id": one["user"]["id"], "token": one["access_token"]} for one in signed]
                await self._described(some, [one["id"] for one in known])
                found += await asyncio.gather(*(Person.come(port, one) for one in known))
        return found

    async def _described(self, tickets: Iterable[Ticket], user_ids: Iterable[str]) -> None:
        """Their profiles are those of these people."""
        connection = await asyncpg.connect(self._servers.database_url)
        try:
            await connection.executemany(
                "UPDATE identity.profiles SET birth_date = $2, intent = $3, languages = $4, country = $5,"
                " seeking_genders = $6, seeking_age_min = $7, seeking_age_max = $8 WHERE user_id = $1",
                [
                    (
                        user_id,
                        to_datetime(now_ms() - round((t.card.age + 0.5) * 365.25 * 86_400_000)).date(),
                        t.card.intent,
                        t.card.languages,
                        t.card.country,
                        list(t.genders),
                        t.age_min,
                        t.age_max,
                    )
                    for t, user_id in zip(tickets, user_ids, strict=True)
                ],
            )
        finally:
            await connection.close()

    async def fill(self, crowd: BenchCrowd, number: int) -> None:
        """So many wait without a socket."""
        now = now_ms()
        tickets = crowd.waiting(number, now - _CAME_MS, now)
        await sign_up(self._servers.database_url, tickets)
        async with open_redis_client(self._servers.redis_url) as redis:
            queue = RedisTickets(redis, "main")
            for ticket in tickets:
                await queue.join(ticket, now + _LEASE_MS)

    async def wait_beside(self, people: Sequence[Person]) -> None:
        """These wait for somebody of an age that nobody has, and hear the news."""

        def heard(_peer: RawPeer, payload: bytes) -> None:
            self.news += _NEWS in payload[:40]

        for person in people:
            await person.ask("queue:join", mode="video", preferences=_seeking(_NOBODYS_AGE))
            person.message = heard


def _heard(payload: bytes) -> list[Any]:
    said: list[Any] = json.loads(payload[payload.index(b"[") :])
    return said


def _said(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _seeking(age: int) -> dict[str, int]:
    return {"age_min": age, "age_max": age}


async def join(joiners: Sequence[Joiner], rate: float, chance: random.Random) -> None:
    """Each when it is due."""
    joining = frame(f"42{_JOIN}" + json.dumps(["queue:join", {"mode": "video"}]))
    due = time.perf_counter()
    for joiner in joiners:
        due += chance.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        joiner.due = due
        joiner.person.write(joining)


def machine() -> tuple[float, float]:
    """Seconds that all cores together were busy, and that they had, since it was started."""
    times = psutil.cpu_times()
    total = sum(times) - times.guest - times.guest_nice  # which user and nice have in them
    return total - times.idle - times.iowait, total


def used(before: dict[str, int], after: dict[str, int], seconds: float) -> dict[str, float]:
    """Of one core, by process."""
    return {name: (after[name] - before[name]) / 1e9 / seconds for name in after}


async def measure(options: argparse.Namespace) -> str:
    """Start all of it, fill the queue, and measure: a table."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(stores())
        settings = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "MATCHMAKER": "apart",
            "OFFER_S": "3600",
            "QUEUE_S": "3600",
            "LOG_LEVEL": "WARNING",
        }
        node, matchmaker = Served(**settings), Served(**settings)
        matchmaker.command = ("matchmaker",)
        for each in (node, matchmaker):
            await each.start()
            stack.push_async_callback(each.stop)
        crowded = Crowded(servers, node, matchmaker)
        number = round(options.rate * options.seconds)
        people = accounts(2 * (options.waiting + number) + 200, options.seed)
        crowd = BenchCrowd(people)
        _said(f"{options.waiting - options.sockets} tickets wait …")
        await crowded.fill(crowd, options.waiting - options.sockets)
        _said(f"{options.sockets} wait with a socket …")
        beside = [crowd.next("female" if n % 2 else "male") for n in range(options.sockets)]
        await crowded.wait_beside(await crowded.people(beside, 0))
        _said(f"{number} come …")
        coming = [crowd.next("male" if n % 2 else "female") for n in range(number)]
        joiners = [
            Joiner(person, ticket.card.gender == "female")
            for ticket, person in zip(coming, await crowded.people(coming, options.sockets), strict=True)
        ]
        for joiner in joiners:
            joiner.listen()
        _said("All are there …")
        await asyncio.sleep(_SETTLED_S)
        idle, quiet = await _idle(crowded)
        crowded.news = 0
        before = {name: cpu_ns(some) for name, some in crowded.processes.items()}
        begun, was = time.perf_counter(), machine()
        await join(joiners, options.rate, random.Random(options.seed))
        took, now = time.perf_counter() - begun, machine()
        whole = (now[0] - was[0]) / (now[1] - was[1])
        after = {name: cpu_ns(some) for name, some in crowded.processes.items()}
        news = crowded.news / took
        await asyncio.sleep(2 * _SWEPT_S)
        for joiner in joiners:
            joiner.person.transport.abort()
        found = table(joiners, used(before, after, took), idle, news=(news, quiet), whole=whole)
        return f"{found}\n\n{phases.table(await _ways(servers.database_url, joiners))}"


async def _idle(crowded: Crowded) -> tuple[dict[str, float], float]:
    """What all use when nobody joins, and news a second."""
    before, begun, crowded.news = (
        {name: cpu_ns(some) for name, some in crowded.processes.items()},
        time.perf_counter(),
        0,
    )
    await asyncio.sleep(4)
    seconds = time.perf_counter() - begun
    after = {name: cpu_ns(some) for name, some in crowded.processes.items()}
    return used(before, after, seconds), crowded.news / seconds


def _soon(joiners: Iterable[Joiner]) -> list[Joiner]:
    """Those of the scarce side who were offered somebody before a sweep looked at them."""
    return [one for one in joiners if one.scarce and one.offered and one.offered < one.due + _SWEPT_S]


async def _ways(database_url: str, joiners: Sequence[Joiner]) -> list[phases.Way]:
    """Of each of those, from the later of both joins on."""
    soon, ahead = _soon(joiners), time.time() - time.perf_counter()
    by_id = {joiner.person.id: joiner for joiner in joiners if joiner.placed}
    records = await phases.on_record(database_url, [joiner.call_id for joiner in soon])
    ways: list[phases.Way] = []
    for joiner in soon:
        both = [by_id[each] for each in (joiner.person.id, joiner.peer) if each in by_id]
        if both and joiner.call_id in records:
            later, (decided, claimed) = max(both, key=lambda one: one.due), records[joiner.call_id]
            times = later.joined_at - ahead, later.placed, decided / 1000 - ahead, claimed / 1000 - ahead
            ways.append(phases.Way(later.due, *times, joiner.offered))
    return ways


def table(
    joiners: Sequence[Joiner],
    busy: dict[str, float],
    idle: dict[str, float],
    *,
    news: tuple[float, float],
    whole: float,
) -> str:
    """Two: the latency, and who used what. `whole`: the share of the machine that was used."""
    scarce = [joiner for joiner in joiners if joiner.scarce]
    soon = _soon(joiners)
    due = {joiner.person.id: joiner.due for joiner in joiners}
    own = [joiner.offered - joiner.due for joiner in soon]
    later = [joiner.offered - max(joiner.due, due.get(joiner.peer, 0.0)) for joiner in soon]
    waited = sum(each != mine for each, mine in zip(later, own, strict=True))
    cores = len(os.sched_getaffinity(0))
    share = sum(busy.values()) / cores
    lines = [
        f"Of {len(scarce)} joins of the scarce side {len(soon)} were offered somebody within a second"
        f" ({len(soon) / len(scarce):.1%}), {waited} of them somebody who joined later.",
        "",
        "| to the offer, ms | p50 | p90 | p99 | most |",
        "|---|---|---|---|---|",
        _row("from their join", own),
        _row("from the later of both joins", later),
        *_in_parts(joiners, soon),
    ]
    lines += ["", "| of one core | at that rate | when nobody joins |", "|---|---|---|"]
    lines += [f"| {name} | {share_:.0%} | {idle[name]:.0%} |" for name, share_ in busy.items()]
    verdict = "the p99 counts" if whole < _MOST_BUSY else "too much: the p99 is the machine's"
    lines += [
        "",
        f"All of it is {share:.0%} of {cores} cores, of which {whole:.0%} were used ({verdict}).",
        f"`queue:updated` came {news[0]:.0f} times a second, and {news[1]:.0f} when nobody joined.",
    ]
    return "\n".join(lines)


def _in_parts(joiners: Sequence[Joiner], soon: Sequence[Joiner]) -> list[str]:
    """Nobody had come for a while, so at first nothing is known of what all those who wait expect."""
    until = joiners[0].due + _FIRST_S
    first = [joiner.offered - joiner.due for joiner in soon if joiner.due < until]
    others = [joiner.offered - joiner.due for joiner in soon if joiner.due >= until]
    names = f"from their join, in the first {_FIRST_S:g} s", "from their join, after that"
    return [_row(name, some) for name, some in zip(names, (first, others), strict=True) if some]


def _row(name: str, seconds: Sequence[float]) -> str:
    parts = [*np.quantile(seconds, (0.5, 0.9, 0.99)), max(seconds)] if seconds else []
    return f"| {name} | {' | '.join(f'{1000 * part:.1f}' for part in parts)} |"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.matching.crowded",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--waiting", type=int, default=10_000, help="who wait (default: 10000)")
    parser.add_argument("--sockets", type=int, default=2_000, help="of these, with a socket (default: 2000)")
    parser.add_argument("--rate", type=float, default=300, help="joins a second (default: 300)")
    parser.add_argument("--seconds", type=float, default=10, help="for how long (default: 10)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(
        f"{options.waiting} wait, {options.sockets} of them with a socket; {options.rate:g} joins a second\n"
    )
    print(uvloop.run(measure(options)))


if __name__ == "__main__":
    main()
