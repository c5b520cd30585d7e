"""What admins of the town see to before its month begins: places, partners with staff, rules by which rewards
are earned, and mentors.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from core.clock import HOUR_MS
from db.postgres.accounts import AccountStore
from db.postgres.demo import SOURCE, DemoStore
from db.postgres.locations_imported import Imported, ImportStore
from demo import pictures
from demo.filling.api import Api, Payload
from demo.filling.residents import Resident
from demo.past import Past
from demo.plan.business import PARTNERS, RULES, NewMentor, mentor, places_of
from demo.plan.town import Town

_AT_ONCE = 500


class Business:
    """Has it done. `residents` by their number."""

    def __init__(
        self, api: Api, store: DemoStore, past: Past, town: Town, residents: Sequence[Resident]
    ) -> None:
        self._api, self._store, self._past, self._town = api, store, past, town
        self._residents = residents
        self._admin, self._at = residents[town.playing("admin").number], town.begins + HOUR_MS

    async def appoint(self) -> None:
        """A moderator and an admin, as an operator does it."""
        accounts = AccountStore(self._past.base.pool, self._past.base.fields)
        for role in ("moderator", "admin"):
            resident = self._residents[self._town.playing(role).number]
            await accounts.set_role(resident.id, role, None, self._at)

    async def places(self) -> Mapping[int, str]:
        """Import them, as an operator does it, and hang up pictures of some. Their ids by number."""
        now, store = self._at, ImportStore(self._past.base.pool)
        drafts = [(place.source_id, place.location) for place in self._town.places]
        done = Imported()
        for at in range(0, len(drafts), _AT_ONCE):
            done += await store.take(SOURCE, drafts[at : at + _AT_ONCE], now)
        await store.note(SOURCE, done, 0, now)
        ids = await self._store.note_places()
        for place in self._town.places:
            if place.pictured:
                await self._picture(place.number, ids[place.number])
        return ids

    async def _picture(self, number: int, place_id: str) -> None:
        drawn = await asyncio.to_thread(pictures.room, self._town.sizes.seed, number)
        media = await self._api.upload(self._admin.token, "place", drawn)
        await self._do("PATCH", f"/v1/admin/locations/{place_id}", {"media": [media]})

    async def partners(self, places: Mapping[int, str]) -> list[str]:
        """Each with its places and staff, and the rules that they pay for. Ids of the first place of each."""
        counters, ids, given = [], list[str](), places_of(self._town.places)
        staff = self._residents[self._town.playing("barista").number]
        for number, partner in enumerate(PARTNERS):
            own = [places[each] for each in given[number]]
            body = {**partner.about, "location_ids": own}
            made = await self._do("POST", "/v1/admin/partners", body)
            await self._store.note("partner", number, made["id"])
            await self._do("PUT", f"/v1/admin/partners/{made['id']}/staff/{staff.id}", None)
            ids.append(made["id"])
            counters.append(own[0])
        for number, rule in enumerate(RULES):
            by = {} if rule.partner is None else {"partner_id": ids[rule.partner]}
            made = await self._do("POST", "/v1/admin/rewards/rules", {**rule.about, **by})
            await self._store.note("rule", number, made["id"])
        return counters

    async def mentors(self, places: Mapping[int, str]) -> Mapping[int, str]:
        """Their ids, by the numbers of the people who they are."""
        made = {}
        for nth, number in enumerate(self._town.mentors):
            one: NewMentor = mentor(self._town.sizes.seed, nth, self._town.people[number])
            body = {**msgspec.to_builtins(one), "user_id": self._residents[number].id}
            if one.schedule_type != "virtual":
                body["location_id"] = places[nth % len(places)]
            answer = await self._do("POST", "/v1/admin/mentors", body)
            await self._store.note("mentor", number, answer["id"])
            made[number] = answer["id"]
        return made

    async def _do(self, method: str, path: str, body: Payload | None) -> Payload:
        return await self._api.ask(self._at, method, path, self._admin.token, body)
