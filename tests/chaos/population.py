"""Users who write to a friend without end, each message with the next number, and who are in calls.

Two in five hang up after some seconds and meet somebody else; all others stay in their call.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import aiohttp

from tests.chaos.client import Client, CurrentCall, Gone, Refused
from tests.chaos.history import HangsUp, History, Kept, Moment, Overslept, Seen, Shown, Told, Welcomed
from tests.integration.person import Person
from tests.patience import PATIENCE_S

SIGN_UPS_AT_ONCE = 10
HEARTBEAT_S, NOBODY = 0.02, -1  # short: a loop that is busy all the time is late by what each turn takes
PAUSE_S = (0.5, 1.5)  # between an acknowledgement and the next message
CALL_S = (4.0, 8.0)  # how long those talk who hang up


class Population:
    """All clients, and what they do as long as they are let."""

    def __init__(self, address: str, web: aiohttp.ClientSession, chance: Random) -> None:
        self.clients: list[Client] = []
        self.away: list[Client] = []  # who have left without a word
        self.history = History()
        self.address, self._web, self._chance = address, web, chance
        self._numbers: dict[str, int] = {}
        self._room_of: dict[int, str] = {}
        self._members: dict[str, tuple[int, int]] = {}
        self._last: dict[int, int] = {}
        self._talking = asyncio.Event()
        self._busy = 0
        self._tasks: list[asyncio.Task[None]] = []

    # ---- making it ----

    async def sign_up(self, count: int) -> None:
        """So many users, each with a friend."""
        for start in range(0, count, SIGN_UPS_AT_ONCE):
            some = range(start, min(count, start + SIGN_UPS_AT_ONCE))
            people = await asyncio.gather(
                *(Person.sign_up(self.address, self._web, gender="other") for _ in some)
            )
            for number, account in zip(some, (person.account for person in people), strict=True):
                client = Client(
                    number,
                    account,
                    self.address,
                    self._web,
                    self._see,
                    self._numbers,
                    Random(self._chance.random()),
                )
                self._numbers[client.user_id] = number
                self.clients.append(client)
        await asyncio.gather(*(self._befriend(*self.clients[n : n + 2]) for n in range(0, count, 2)))

    async def _befriend(self, one: Client, other: Client) -> None:
        await self._rest(one, "/v1/friends/requests", user_id=other.user_id)
        room = (await self._rest(other, "/v1/friends/requests", user_id=one.user_id))["room_id"]
        self._members[room] = one.number, other.number
        for client in (one, other):
            self._room_of[client.number] = room
            client.rooms[room] = 0

    async def _rest(self, client: Client, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {client.token}"}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self._web.post(f"{self.address}{path}", json=body, headers=headers) as answer:
                    if answer.status != 503:  # a busy machine says to try again
                        assert answer.status in {200, 201}, await answer.text()
                        return await answer.json()

    async def begin(self) -> None:
        """All come and meet; they talk as soon as there is a history."""
        for client in self.clients:
            client.come()
        await self._all_ready()
        self._tasks.append(asyncio.create_task(self._watch_the_time()))
        for client in self.clients:
            doings = self._talk(client), self._meet(client), self._stir(client)
            self._tasks += [asyncio.create_task(doing) for doing in doings]

    async def end(self) -> None:
        """All go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(client.leave() for client in self.clients), return_exceptions=True)

    # ---- what they do ----

    async def _watch_the_time(self) -> None:
        while True:
            due = time.monotonic() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            if (late_s := time.monotonic() - due) > HEARTBEAT_S:
                self._see(Overslept(time.monotonic(), NOBODY, late_s))

    def _see(self, moment: Moment) -> None:
        self.history.moments.append(moment)

    async def _talk(self, client: Client) -> None:
        room = self._room_of[client.number]
        while True:
            await self._talking.wait()
            await client.ready.wait()
            if not self._talking.is_set():
                continue
            self._last[client.number] = number = self._last.get(client.number, 0) + 1
            self._busy += 1
            try:
                await client.say(room, number)
            finally:
                self._busy -= 1
            await asyncio.sleep(self._chance.uniform(*PAUSE_S))

    async def _stir(self, client: Client) -> None:
        """Ask something now and then that needs Redis alone; a message needs PostgreSQL."""
        while True:
            await asyncio.sleep(2 * self._chance.uniform(*PAUSE_S))
            with contextlib.suppress(Refused, Gone):
                await client.ask("presence:set", status="online")

    def hangs_up(self, client: Client) -> bool:
        """Whether this one goes from call to call."""
        return client.number % 10 in {2, 3, 6, 7}

    async def _meet(self, client: Client) -> None:
        moves_on, mode = self.hangs_up(client), ("voice", "video")[self.hangs_up(client)]
        while True:
            await asyncio.sleep(self._chance.uniform(0.3, 0.7))
            call = client.call
            if not client.ready.is_set() or client in self.away:
                continue
            with contextlib.suppress(Refused):
                if call is None and not client.waits:
                    client.waits = True
                    try:
                        await client.ask_until_answered("queue:join", mode=mode)
                    except Refused:
                        client.waits = False
                        raise
                elif (
                    moves_on
                    and call is not None
                    and call.state == "live"
                    and time.monotonic() - call.live_since > self._chance.uniform(*CALL_S)
                ):
                    self._see(HangsUp(time.monotonic(), client.number, call.call_id))
                    await client.ask_until_answered("call:end", call_id=call.call_id)

    # ---- what a run asks of them ----

    @property
    def present(self) -> list[Client]:
        """All who have not left."""
        return [client for client in self.clients if client not in self.away]

    def begin_history(self) -> History:
        """A new one, which begins with how things stand."""
        self.history = history = History(members=dict(self._members))
        now = time.monotonic()
        for client in self.present:
            call = client.call
            self._see(Welcomed(now, client.number, recovered=True, call=call.call_id if call else None))
            if call is not None:
                self._see(Told(now, client.number, call.call_id, call.state))
        self._base = {room: self.clients[one].rooms[room] for room, (one, _) in self._members.items()}
        self._talking.set()
        return history

    async def settled(self) -> None:
        """All are connected, and who stays in a call is in one."""
        await self._all_ready()
        async with asyncio.timeout(PATIENCE_S):
            while len(self._not_in_a_call()) > 1:  # an odd one waits
                await asyncio.sleep(0.1)

    def _not_in_a_call(self) -> list[Client]:
        return [
            client
            for client in self.present
            if not self.hangs_up(client) and (client.call is None or client.call.state != "live")
        ]

    async def _all_ready(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            for client in self.present:
                await client.ready.wait()

    async def some_leave(self, count: int) -> None:
        """So many go without a word, each the friend of somebody who stays."""
        pairs = self._chance.sample(sorted(self._members.values()), count)
        self.away = [self.clients[self._chance.choice(pair)] for pair in pairs]
        await asyncio.gather(*(client.leave() for client in self.away))

    async def look_for_the_gone(self) -> list[Seen]:
        """Each friend of somebody who left asks whether they are there."""
        found = []
        for gone in self.away:
            one, other = self._members[self._room_of[gone.number]]
            friend = self.clients[other if gone.number == one else one]
            said = await friend.ask_until_answered("presence:watch", user_ids=[gone.user_id])
            [presence] = said["presences"]
            found.append(Seen(time.monotonic(), friend.number, gone.number, presence["status"]))
        return found

    async def those_come_back(self) -> None:
        """Whoever left returns."""
        back, self.away = self.away, []
        for client in back:
            client.come()
        await self._all_ready()

    async def signal(self, number: int) -> None:
        """Everybody in a live call sends the other one a signal of this number (1024 and more)."""
        live = [(client, client.call) for client in self.present if client.call is not None]
        await asyncio.gather(
            *(self._signal(client, call, number) for client, call in live if call.state == "live")
        )

    async def _signal(self, client: Client, call: CurrentCall, number: int) -> None:
        text = f"candidate:{number} 1 udp 2122260223 192.0.2.7 {number} typ host"
        with contextlib.suppress(Refused):  # it has just ended
            await client.ask_until_answered(
                "call:signal",
                call_id=call.call_id,
                epoch=call.epoch,
                candidate={"candidate": text, "sdpMid": "0"},
            )

    async def served(self) -> None:
        """Everybody present has both stores answering, or patience is at its end."""

        async def ask(client: Client) -> None:
            await client.ask_until_answered("presence:set", status="online")
            await client.ask_until_answered("chat:history", room_id=self._room_of[client.number], limit=1)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*(ask(client) for client in self.present))

    async def told(self, count: int) -> None:
        """Everybody present has been told so many messages from now on."""
        now = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            while not all(self._told_since(client, now) >= count for client in self.present):
                await asyncio.sleep(0.1)

    def _told_since(self, client: Client, since: float) -> int:
        return sum(
            shown.user == client.number and shown.at > since and shown.way == "told"
            for shown in self.history.of(Shown)
        )

    async def silence(self) -> None:
        """Nobody writes any more, and all that was written is acknowledged."""
        self._talking.clear()
        async with asyncio.timeout(PATIENCE_S):
            while self._busy:
                await asyncio.sleep(0.05)

    async def read_all(self) -> Sequence[Kept]:
        """What was written since the history began, as the rooms have it."""

        async def read(room: str, reader: Client) -> list[Kept]:
            return [
                Kept(room, each["seq"], self._numbers[each["sender_id"]], int(each["content"]))
                for each in await reader.read(room, self._base[room])
                if each["type"] == "text"
            ]

        rooms = (read(room, self.clients[one]) for room, (one, _) in self._members.items())
        return [kept for found in await asyncio.gather(*rooms) for kept in found]
