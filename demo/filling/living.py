"""The month of the town: has each deed done in its turn, a few at the same time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.clock import to_ms
from demo import pictures
from demo.filling.api import Api, Declined, Payload
from demo.filling.encounters import Encounters
from demo.filling.progress import Progress
from demo.filling.residents import Resident
from demo.past import Past
from demo.plan import deeds
from demo.plan.business import PARTNERS
from demo.plan.deeds import Deed
from demo.plan.town import Town

_AT_ONCE = 8
_PAGE = 50


class Living:
    """Acts for all. `places` and `mentors`: ids by number; `counters`: where each partner redeems."""

    def __init__(
        self,
        api: Api,
        past: Past,
        town: Town,
        residents: Sequence[Resident],
        *,
        places: Mapping[int, str],
        mentors: Mapping[int, str],
        counters: Sequence[str],
    ) -> None:
        self._api, self._town, self._residents = api, town, residents
        self._places, self._mentors, self._counters = places, mentors, counters
        self._by_id = {each.id: each for each in residents}
        self._staff = residents[town.playing("barista").number].token
        self._encounters = Encounters(past.base)
        self._posts: dict[int, asyncio.Future[str]] = {}
        self._comments: dict[int, asyncio.Future[str]] = {}
        self.declined: Counter[str] = Counter()
        self._acts: Mapping[type[Deed], Callable[[Any], Awaitable[object]]] = {
            deeds.Befriend: self._befriend,
            deeds.CheckIn: self._check_in,
            deeds.Review: self._review,
            deeds.Post: self._post,
            deeds.Like: self._like,
            deeds.Comment: self._comment,
            deeds.Redeem: self._redeem,
            deeds.Book: self._book,
            deeds.FinishSessions: self._finish,
            deeds.Call: self._call,
            deeds.Read: self._read,
        }

    async def through(self, progress: Progress) -> None:
        """All of it. What the server declines is counted, and the others go on."""
        loop = asyncio.get_running_loop()
        for deed in self._town.deeds:
            if isinstance(deed, deeds.Post):
                self._posts[deed.key] = loop.create_future()
            elif isinstance(deed, deeds.Comment):
                self._comments[deed.key] = loop.create_future()
        each = iter(enumerate(self._town.deeds, 1))
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._work(each, progress))

    async def _work(self, each: Iterator[tuple[int, Deed]], progress: Progress) -> None:
        for number, deed in each:
            progress.far(number, len(self._town.deeds))
            try:
                await self._acts[type(deed)](deed)
            except Declined as declined:
                self.declined[f"{type(deed).__name__} {declined.code}"] += 1
            finally:
                self._is_over(deed)

    def _is_over(self, deed: Deed) -> None:
        """Nobody waits for what was not made."""
        made = (
            self._posts[deed.key]
            if isinstance(deed, deeds.Post)
            else self._comments[deed.key]
            if isinstance(deed, deeds.Comment)
            else None
        )
        if made is not None and not made.done():
            made.cancel()

    async def _ask(
        self, deed: Deed, method: str, path: str, body: Payload | None = None, **headers: str
    ) -> Payload:
        """As whoever does this, and when."""
        return await self._api.ask(deed.at, method, path, self._residents[deed.who].token, body, **headers)

    # People

    async def _befriend(self, deed: deeds.Befriend) -> None:
        other = self._residents[deed.other].id
        request = await self._ask(deed, "POST", "/v1/friends/requests", {"user_id": other})
        if deed.answered:
            token, path = self._residents[deed.other].token, f"/v1/friends/requests/{request['id']}/accept"
            await self._api.ask(deed.at + 60_000, "POST", path, token)

    async def _call(self, deed: deeds.Call) -> None:
        await self._encounters.held(deed, self._residents[deed.who].id, self._residents[deed.other].id)

    async def _read(self, deed: deeds.Read) -> None:
        await self._ask(deed, "POST", "/v1/notifications/read", {"all": True})

    # Places

    async def _check_in(self, deed: deeds.CheckIn) -> None:
        at = self._town.places[deed.place].location
        body: Payload = {"location_id": self._places[deed.place], "lat": at.lat, "lon": at.lon}
        body |= {"accuracy_m": 12.0, "mood": deed.mood, **({"note": deed.note} if deed.note else {})}
        made = await self._ask(deed, "POST", "/v1/check-ins", body)
        if not made["check_in"]["counts"]:
            self.declined[f"CheckIn {made['check_in']['reason']}"] += 1

    async def _review(self, deed: deeds.Review) -> None:
        path = f"/v1/locations/{self._places[deed.place]}/reviews"
        said = {"rating": deed.rating, "title": deed.title, "content": deed.content}
        await self._ask(deed, "POST", path, said)

    async def _redeem(self, deed: deeds.Redeem) -> None:
        page = await self._ask(deed, "GET", "/v1/me/rewards?state=open&limit=50")
        due = [each for each in page["items"] if each["type"] != "badge"]
        if not due:
            return
        path = f"/v1/rewards/{due[-1]['id']}/qr"
        shown = await self._ask(deed, "GET", path, Accept="application/json")
        partner = due[-1].get("partner")
        counter = self._counters[0] if partner is None else self._counter_of(partner["name"])
        body = {"code": shown["code"], "location_id": counter}
        key = {"Idempotency-Key": due[-1]["id"]}
        await self._api.ask(deed.at, "POST", "/v1/rewards/redeem", self._staff, body, **key)

    def _counter_of(self, name: str) -> str:
        return self._counters[[partner.about["name"] for partner in PARTNERS].index(name)]

    # Posts

    async def _post(self, deed: deeds.Post) -> None:
        seed, token = self._town.sizes.seed, self._residents[deed.who].token
        media = []
        for nth in range(deed.pictures):
            drawn = await asyncio.to_thread(pictures.scene, seed, deed.key, nth)
            media.append(await self._api.upload(token, "post", drawn))
        body: Payload = {"media_ids": media, "caption": deed.caption, "visibility": deed.visibility}
        made = await self._ask(deed, "POST", "/v1/posts", body)
        self._posts[deed.key].set_result(made["id"])

    async def _like(self, deed: deeds.Like) -> None:
        await self._ask(deed, "PUT", f"/v1/posts/{await self._posts[deed.post]}/like")

    async def _comment(self, deed: deeds.Comment) -> None:
        body: Payload = {"content": deed.content}
        if deed.to is not None:
            body["reply_to"] = await self._comments[deed.to]
        path = f"/v1/posts/{await self._posts[deed.post]}/comments"
        made = await self._ask(deed, "POST", path, body)
        self._comments[deed.key].set_result(made["id"])

    # Mentors

    async def _book(self, deed: deeds.Book) -> None:
        mentor = self._mentors[deed.mentor]
        page = await self._ask(deed, "GET", f"/v1/mentors/{mentor}/slots?limit=20")
        slot = page["items"][min(deed.nth, len(page["items"]) - 1)]
        body = {
            "mentor_id": mentor,
            "starts_at": slot["starts_at"],
            "duration_m": slot["duration_m"],
            "type": slot["type"][0],
        }
        await self._ask(deed, "POST", "/v1/mentor-sessions", body)

    async def _finish(self, deed: deeds.FinishSessions) -> None:
        path = f"/v1/mentor-sessions?status=scheduled&limit={_PAGE}"
        for session in (await self._ask(deed, "GET", path))["items"]:
            begins = to_ms(datetime.fromisoformat(session["starts_at"]))
            if begins + session["duration_m"] * 60_000 > deed.at:
                continue
            done = {"status": "completed", "notes": "We made a small plan for the next week."}
            await self._ask(deed, "PATCH", f"/v1/mentor-sessions/{session['id']}", done)
            guest = self._by_id[session["user"]["user_id"]]
            review = {"rating": deed.rating, "title": "Listened well"}
            where = f"/v1/mentors/{session['mentor_id']}/reviews"
            await self._once(self._api.ask(deed.at, "POST", where, guest.token, review))

    async def _once(self, asked: Awaitable[Payload]) -> None:
        """Again is no mistake: they have said it before."""
        try:
            await asked
        except Declined as declined:
            if declined.code != "conflict":
                raise
