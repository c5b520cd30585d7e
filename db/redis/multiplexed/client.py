"""What stores ask Redis through."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from core.later import another
from db.outage import Outages
from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import Connection, Owner
from db.redis.multiplexed.deadlines import Deadlines
from db.redis.multiplexed.gathered import Gathered, Shared
from db.redis.multiplexed.node import Node, Router, Traffic
from db.redis.multiplexed.parts import region
from db.redis.multiplexed.replicas import Replicas
from db.redis.multiplexed.request import Ahead, Late, Request, fail
from db.redis.multiplexed.script import Script
from db.redis.multiplexed.sharded import ShardedSubscriber
from db.redis.multiplexed.subscriber import Hear, Subscriber
from db.redis.multiplexed.topology import Topology
from db.redis.multiplexed.words import Arg, Words, is_repeatable, key_slot


class RedisClient:
    """Gives the future of each answer at once: ask for many things, then await them.

    What is asked for in one turn of the loop goes out in one write, and commands for one slot are performed
    in the order in which they were asked for, as long as the connection holds and no SCRIPT FLUSH has Redis
    forget a script: what came after that one may then be done before it. Every future ends within
    `patience_s`: with the answer (bytes, int, list or None), an error of `redis.exceptions`, of which
    `db.outage.OUTAGES` are outages, or cancelled. After a reconnect, what was sent and not answered is sent
    again only if it is repeatable; otherwise it fails as an outage, and may have been performed.
    """

    def __init__(self, address: Address, *, patience_s: float, outages: Outages) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(patience_s, self._look)
        self._traffic = Traffic()
        self._node = partial(
            Node, patience_s=patience_s, outages=outages, deadlines=self._deadlines, traffic=self._traffic
        )
        self._gathered: dict[tuple[str, int | str], Gathered] = {}
        self._shared: dict[tuple[Arg, ...], Shared] = {}
        self._address, self._subscribers = address, list[Subscriber | ShardedSubscriber | Replicas]()
        self.shards = False  # whether what is announced to users goes to the servers of their slots alone
        self._replicas: Replicas | None = None
        self._patience_s = patience_s
        self._servers = Topology(
            address, lambda address, router: self._node(address, router=router), self._request
        )

    def command(self, *words: Arg, repeatable: bool | None = None) -> "asyncio.Future[Any]":
        """One command. `repeatable` None: if it only reads, or does and answers the same a second time."""
        request = self._request(words, repeatable)
        self._servers.ask(request)
        return request.future

    def announce(self, channel: Arg, message: bytes, *, repeatable: bool = False) -> "asyncio.Future[Any]":
        """To a user's channel."""
        return self.command("SPUBLISH" if self.shards else "PUBLISH", channel, message, repeatable=repeatable)

    def _as_announced(self, script: Script) -> Script:
        return script.sharded if self.shards and script.sharded is not None else script

    def run(
        self, script: Script, keys: Sequence[str], args: Sequence[Arg] = (), *, last: bool = False
    ) -> "asyncio.Future[Any]":
        """One script. Its keys are in one slot. `last`: behind all else that is asked for in this turn."""
        script = self._as_announced(script)
        words = ("EVALSHA", script.sha, len(keys), *keys, *args)
        kind = Late if last else Request
        request = kind(self._loop.create_future(), words, self._deadlines.latest, script.repeatable, script)
        self._servers.ask(request)
        return request.future

    def gather(
        self,
        script: Script,
        keys: Sequence[str],
        args: Sequence[Arg],
        *,
        head: Sequence[Arg] = (),
        repeatable: bool,
        last: bool = False,
        fault: Callable[[Exception], Exception] = another,
    ) -> "asyncio.Future[Any]":
        """A script that is run once for all who ask for it in this turn and whose keys one server has.

        It gets `head`, which is the same for all, and then what each has given; it answers with a list.
        `last`: behind all else that is asked for in this turn. `fault` makes of an error what is raised.
        """
        script = self._as_announced(script)
        place = script.sha, self._servers.place(keys[0])
        gathered = self._gathered.get(place)
        if gathered is not None and not (gathered.is_closed or gathered.is_full):
            return gathered.add(keys, args, repeatable=repeatable)
        if not self._gathered:
            self._loop.call_soon(self._gathered.clear)
        gathered = Gathered(script, keys[0], head, self._deadlines.latest, last=last, fault=fault)
        self._gathered[place] = gathered
        answer = gathered.add(keys, args, repeatable=repeatable)
        self._servers.ask(gathered)
        return answer

    @property
    def is_one_server(self) -> bool:
        """No cluster, as far as is known: not before it was connected to."""
        return self._servers.is_one

    def everywhere(self, *words: Arg) -> "Sequence[asyncio.Future[Any]]":
        """Each server of a cluster, replicas too."""
        return self._servers.ask_all(words)

    @property
    def can_shard(self) -> bool:
        """Whether this is a cluster whose servers all know sharded pub/sub, as far as each has said."""
        return self._servers.are_all((7,))

    @property
    def is_cluster(self) -> bool:
        """As far as is known: not before it was connected to."""
        return self._servers.is_cluster

    def keep_up(self) -> None:
        """Look, if nobody has for two seconds, who the cluster is now."""
        self._servers.keep_up()

    @property
    def masters(self) -> int:
        """Another number whenever a slot has, as far as is known, another master than before."""
        return self._servers.changes

    async def met(self) -> None:
        """Whether it is a cluster, and of whom, is known from then on. Raises what an outage raises."""
        if not (self.is_one_server or self.is_cluster):
            await self.command("PING")

    @property
    def parts(self) -> Collection[str]:
        """Of a cluster: a hash tag for what each master has of each sixteenth of the slots."""
        return self._servers.parts.values()

    def part(self, key: str) -> str:
        """That of the part in which this key is."""
        return self._servers.part(key_slot(key))

    def epoch(self, tag: str) -> int:
        """The newest configuration epoch of a master of the sixteenth where this tag is; 0: no cluster."""
        return self._servers.epochs[region(key_slot(tag))]

    async def looked(self) -> None:
        """If somebody looks for the masters, until they have."""
        await self._servers.looked()

    @property
    def version(self) -> tuple[int, ...]:
        """Of the oldest server that was connected to; empty before that."""
        return self._servers.version

    def share(self, script: Script, keys: Sequence[str], args: Sequence[Arg] = ()) -> "asyncio.Future[Any]":
        """A script that only reads, run once for all who ask the same in this turn, behind all else of it."""
        asked = (script.sha, *keys, *args)
        shared = self._shared.get(asked)
        if shared is None or shared.is_closed:
            if not self._shared:
                self._loop.call_soon(self._shared.clear)
            shared = self._shared[asked] = Shared(script, keys, args, self._deadlines.latest)
            answer = shared.add()
            self._servers.ask(shared)
            return answer
        return shared.add()

    def together(self, tags: Sequence[str]) -> Sequence[Sequence[str]]:
        """Of these hash tags, as in `name:{tag}`, those of which one script may have keys."""
        return self._servers.together(tags)

    def transaction(
        self, commands: Sequence[Words], *, repeatable: bool | None = None
    ) -> "asyncio.Future[list[Any]]":
        """All or none of these, with nothing in between; see `script_words`. Their keys are in one slot.

        Gives their answers; raises the first error among them, though the others are performed. `repeatable`
        None: if every single command is.
        """
        if repeatable is None:
            repeatable = all(map(is_repeatable, commands))
        request = self._request(("EXEC",), repeatable)
        request.ahead = [Ahead(("MULTI",)), *(Ahead(words) for words in commands)]
        request.words = commands[0]  # they say where
        answers: asyncio.Future[list[Any]] = self._loop.create_future()
        request.future.add_done_callback(lambda done: _hand_on(done, answers))
        self._servers.ask(request)
        return answers

    async def replicated(self) -> bool:
        """Whether in a cluster a replica of each master that has any has all that was done before.

        No, if none says so within half a second. Raises an outage where a master has gone.
        """
        self._servers.keep_up()
        if not self._servers.replicated:
            return True
        if self._replicas is None:
            self._replicas = Replicas(
                self._servers,
                lambda place: self._node(self._address.elsewhere(*place), router=Router()),
                partial(self._request, repeatable=False),
                wait_ms=int(500 * min(1, self._patience_s)),
            )
            self._subscribers.append(self._replicas)
        return await self._replicas.have_all()

    def _request(self, words: Words, repeatable: bool | None = None, script: Script | None = None) -> Request:
        return Request(self._loop.create_future(), words, self._deadlines.latest, repeatable, script)

    @asynccontextmanager
    async def subscriber(self, hear: Hear, returned: Callable[[], None]) -> AsyncIterator[Subscriber]:
        """A connection of its own that hears messages, for as long as the block lasts."""

        def node(router: Subscriber, new_connection: Callable[[Owner], Connection]) -> Node:
            return self._node(self._address, router=router, new_connection=new_connection, stays=True)

        request = partial(self._request, repeatable=True)
        subscriber = Subscriber(self._servers.addresses, node, request, hear, returned)
        self._subscribers.append(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.remove(subscriber)
            await subscriber.close()

    @property
    def unanswered(self) -> int:
        """What was asked for and has no answer yet."""
        return self._servers.unanswered

    @property
    def resets(self) -> int:
        """How many connections were lost that had served, those that hear messages among them."""
        return self._traffic.resets

    @asynccontextmanager
    async def sharded_subscriber(
        self, hear: Hear, returned: Callable[[], None]
    ) -> AsyncIterator[ShardedSubscriber]:
        """The same by sharded pub/sub, where it is known: a connection to each master that is needed."""

        def node(address: Address, router: Router, new_connection: Callable[[Owner], Connection]) -> Node:
            return self._node(address, router=router, new_connection=new_connection, stays=True)

        request = partial(self._request, repeatable=True)
        subscriber = ShardedSubscriber(self._servers, node, request, hear, returned)
        self._subscribers.append(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.remove(subscriber)
            await subscriber.close()

    async def check_writes(self) -> None:
        """Raises what an outage raises when Redis takes no writes."""
        await self.command("SET", "probe", 1, "PX", 10_000)

    def _look(self, tick: int) -> bool:
        waiting = [self._servers.look(tick), *(subscriber.look(tick) for subscriber in self._subscribers)]
        return any(waiting)

    async def close(self) -> None:
        """What was asked for still goes out, and is not waited for."""
        if self._replicas is not None:
            await self._replicas.close()
        await self._servers.close()
        self._deadlines.stop()


def _hand_on(done: "asyncio.Future[Any]", answers: "asyncio.Future[list[Any]]") -> None:
    """The answers of a transaction, or the first error."""
    if answers.done():
        done.cancelled() or done.exception()
        return
    error = done.exception() or next((a for a in done.result() if isinstance(a, Exception)), None)
    if error is None:
        answers.set_result(done.result())
    else:
        fail(answers, error)


@asynccontextmanager
async def open_redis_client(
    url: str, *, ca: str = "", patience_s: float = 10, outages: Outages | None = None
) -> AsyncIterator[RedisClient]:
    """Connects when something is asked for. `ca`: a file with whom to trust, for TLS."""
    client = RedisClient(Address.of(url, ca), patience_s=patience_s, outages=outages or Outages("Redis"))
    try:
        yield client
    finally:
        await client.close()
