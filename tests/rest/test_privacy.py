"""What people show of themselves is honoured on every card, and matching goes by what is true."""

from typing import Any

from core.clock import now_ms
from db.postgres.applicants import ApplicantStore
from tests.rest.server import RestServer
from tests.stores.world import since

HIDDEN = {"show_age": False, "show_city": False, "show_country": False}
SHOWN = {"age", "city", "country"}


async def living_in_lisbon(rest: RestServer) -> Any:
    who = await rest.sign_up()
    living = {"city": "Lisbon", "country": "PT", "bio": "Hi."}
    headers = {"If-Match": "*"}
    answer = await rest.ask("PATCH", "/v1/me", token=who["access_token"], json=living, headers=headers)
    assert answer.status == 200, answer.body
    return who


async def choose(rest: RestServer, who: Any, **privacy: bool) -> None:
    body = {"privacy": privacy}
    answer = await rest.ask("PATCH", "/v1/me/settings", token=who["access_token"], json=body)
    assert answer.status == 200, answer.body


async def test_every_card_shows_what_its_owner_shows(rest: RestServer) -> None:
    """Of a friend, who asks, who is connected with a room and a past call, who is found or suggested."""
    world, ana, ben = rest.world, await rest.sign_up(), await living_in_lisbon(rest)
    cleo = await world.person("Cleo")
    ids = ana["user"]["id"], ben["user"]["id"]
    await choose(rest, ben, find_by_search=True)
    await world.connect(await world.talked(ids), ids)
    request_id = await world.asked(ids[1], ids[0])

    async def items(path: str) -> Any:
        answer = await rest.ask("GET", path, token=ana["access_token"])
        assert answer.status == 200, answer.body
        return answer.body.get("items", [answer.body])

    async def shown(*paths: str) -> set[str]:
        """What all of them show, if they agree."""
        cards = [item for path in paths for item in await items(path)]
        found = {frozenset(SHOWN & card.get("peer", card.get("user", card)).keys()) for card in cards}
        assert len(found) == 1, cards
        return set(*found)

    others = f"/v1/profiles/{ids[1]}", f"/v1/profiles?q={ben['user']['username']}"
    met = *others, "/v1/connections", "/v1/rooms", "/v1/me/calls", "/v1/friends/requests"
    assert await shown(*met) == SHOWN
    await choose(rest, ben, **HIDDEN)
    assert await shown(*met) == set()
    await world.friends.accept(request_id, ids[0], now_ms())
    assert await shown("/v1/friends", *others) == set()
    await choose(rest, ben, show_city=True)
    assert await shown("/v1/friends", *others) == {"city"}
    await choose(rest, ben, show_city=False)
    other = await rest.sign_up()
    await world.befriended((cleo, ids[1]))
    await world.befriended((cleo, other["user"]["id"]))
    suggested = await rest.ask("GET", "/v1/friends/suggestions", token=other["access_token"])
    [card] = [item["user"] for item in suggested.body["items"] if item["user"]["user_id"] == ids[1]]
    assert not SHOWN & card.keys()


async def test_matching_goes_by_what_is_true(rest: RestServer) -> None:
    """The offer shows what is shown; who has nothing to hide is stored as before."""
    ben, applicants = await living_in_lisbon(rest), ApplicantStore(rest.world.pool)

    async def stored() -> Any:
        [found] = await applicants.applicants([(ben["user"]["id"], now_ms(), since(now_ms()))])
        assert found is not None
        return found.card

    open_card = await stored()
    assert (open_card.hides, open_card.shown().age, open_card.city) == ((), open_card.age, "Lisbon")
    await choose(rest, ben, **HIDDEN)
    card = await stored()
    assert (card.age, card.country) == (open_card.age, "PT")
    assert (card.shown().age, card.shown().country, card.shown().city) == (None, None, None)
    assert card.city is None


async def test_what_one_studies_is_ones_own(rest: RestServer) -> None:
    """No card has it; null clears."""
    ben = await rest.sign_up()
    headers = {"If-Match": "*"}
    for focus in ("Marine biology", None):
        body = {"study_focus": focus}
        answer = await rest.ask("PATCH", "/v1/me", token=ben["access_token"], json=body, headers=headers)
        assert (answer.status, answer.body["study_focus"]) == (200, focus)


async def test_values_are_compared_among_friends(rest: RestServer) -> None:
    """In one's own words; a stranger is told nothing, whether there is somebody or not."""
    ana, ben = [await rest.sign_up() for _ in range(2)]
    for who, name in ((ana, "Honesty"), (ben, " honesty ")):
        values = {"values": [{"category": "character", "name": name, "strength": 90}]}
        answer = await rest.ask("PUT", "/v1/me/values", token=who["access_token"], json=values)
        assert answer.status == 200, answer.body
    path = f"/v1/profiles/{ben['user']['id']}/compatibility"
    assert (await rest.ask("GET", path, token=ana["access_token"])).code == "not_found"
    await rest.world.befriended((ana["user"]["id"], ben["user"]["id"]))
    compared = await rest.ask("GET", path, token=ana["access_token"])
    assert compared.body == {"score": 100, "shared": [{"category": "character", "name": "Honesty"}]}
    await rest.world.block(ben["user"]["id"], ana["user"]["id"])
    assert (await rest.ask("GET", path, token=ana["access_token"])).code == "not_found"
