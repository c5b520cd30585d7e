"""Reviews over REST: one a user and place, who reads them, and what they come to, exactly."""

import asyncio
from random import Random
from typing import Any

import pytest

from core.ids import new_id
from tests.rest.server import Answer, RestServer
from tests.rest.test_erasure import delete as delete_account
from tests.rest.test_erasure import erase
from tests.stores.places import a_place

Person = dict[str, Any]


async def review(rest: RestServer, who: Person, place: str, rating: int = 4, **more: Any) -> Answer:
    body = {"rating": rating, **more}
    return await rest.ask("POST", f"/v1/locations/{place}/reviews", token=who["access_token"], json=body)


async def change(rest: RestServer, who: Person, review_id: str, **changes: Any) -> Answer:
    path = f"/v1/reviews/{review_id}"
    return await rest.ask("PATCH", path, token=who["access_token"], json=changes)


async def delete(rest: RestServer, who: Person, review_id: str) -> Answer:
    return await rest.ask("DELETE", f"/v1/reviews/{review_id}", token=who["access_token"])


async def read(rest: RestServer, who: Person, place: str, query: str = "") -> Any:
    path = f"/v1/locations/{place}/reviews{query}"
    answer = await rest.ask("GET", path, token=who["access_token"])
    assert answer.status == 200, answer.body
    return answer.body


async def comes_to(rest: RestServer, who: Person, place: str) -> tuple[float | None, int]:
    """The rating and the number of reviews, as the place says; the same as on record."""
    shown = (await rest.ask("GET", f"/v1/locations/{place}", token=who["access_token"])).body
    counted = await rest.world.pool.fetchrow(
        "SELECT round(avg(rating), 2)::float AS rating, count(*) FROM places.reviews"
        " WHERE location_id = $1 AND hidden_at IS NULL",
        place,
    )
    assert (shown["rating"], shown["review_count"]) == tuple(counted)
    return shown["rating"], shown["review_count"]


async def test_words_that_say_nothing_are_none(rest: RestServer) -> None:
    """As in a caption: an empty field of a form is no empty line under a review."""
    ana, place = await rest.sign_up(), await a_place(rest.world.pool)
    said = await review(rest, ana, place, 5, title=" ", content="\n ")
    assert (said.body["title"], said.body["content"]) == (None, None), said.body
    assert (await change(rest, ana, said.body["id"], title="Calm")).body["title"] == "Calm"
    assert (await change(rest, ana, said.body["id"], title="", content=" ")).body["title"] is None


async def test_what_somebody_says_of_a_place(rest: RestServer) -> None:
    """Everybody reads it, newest first, with who says it."""
    ana, ben = await rest.sign_up(display_name="Ana"), await rest.sign_up(display_name="Ben")
    place = await a_place(rest.world.pool)
    first = await review(rest, ana, place, 5, title="Calm", content="I go there each day.")
    assert first.status == 201, first.body
    assert first.body["author"]["display_name"] == "Ana"
    said = {name: first.body[name] for name in ("rating", "title", "content", "verified_visit")}
    assert said == {"rating": 5, "title": "Calm", "content": "I go there each day.", "verified_visit": False}
    second = await review(rest, ben, place, 2)
    assert (await read(rest, ana, place))["items"] == [second.body, first.body]
    page = await read(rest, ben, place, "?limit=1")
    assert page["items"] == [second.body]
    assert (await read(rest, ben, place, f"?cursor={page['next_cursor']}"))["items"] == [first.body]
    assert await comes_to(rest, ana, place) == (3.5, 2)


async def test_one_a_user_and_place(rest: RestServer) -> None:
    """A second one does not fit, also at the same moment; another place is another review."""
    ana, place = await rest.sign_up(), await a_place(rest.world.pool)
    answers = await asyncio.gather(*(review(rest, ana, place, n) for n in (1, 2, 3, 4, 5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert (await review(rest, ana, place)).code == "conflict"
    assert (await review(rest, ana, await a_place(rest.world.pool))).status == 201
    assert (await comes_to(rest, ana, place))[1] == 1


async def test_a_review_is_changed_and_taken_back(rest: RestServer) -> None:
    """By its author alone; what a change does not name stays, and another may follow."""
    ana, eve = await rest.sign_up(), await rest.sign_up()
    place = await a_place(rest.world.pool)
    made = (await review(rest, ana, place, 5, title="Calm")).body
    for refused in (await change(rest, eve, made["id"], rating=1), await delete(rest, eve, made["id"])):
        assert refused.code == "not_found"
    changed = (await change(rest, ana, made["id"], rating=3, content="Less so.")).body
    assert changed == {**made, "rating": 3, "content": "Less so.", "edited_at": changed["edited_at"]}
    assert (await change(rest, ana, made["id"], title=None)).body["title"] is None
    assert await comes_to(rest, ana, place) == (3.0, 1)
    assert (await delete(rest, ana, made["id"])).status == 204
    assert (await delete(rest, ana, made["id"])).code == "not_found"
    assert await comes_to(rest, ana, place) == (None, 0)
    assert (await review(rest, ana, place, 1)).status == 201


@pytest.mark.parametrize("rating", [0, 6, 2.5, "5", None])
async def test_a_rating_that_there_is_not(rest: RestServer, rating: Any) -> None:
    answer = await review(rest, await rest.sign_up(), await a_place(rest.world.pool), rating)
    assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", "rating")


async def test_a_place_that_is_not_there(rest: RestServer) -> None:
    ana, gone = await rest.sign_up(), await a_place(rest.world.pool, active=False)
    for place in (gone, new_id()):
        assert (await review(rest, ana, place)).code == "not_found"
        path = f"/v1/locations/{place}/reviews"
        assert (await rest.ask("GET", path, token=ana["access_token"])).code == "not_found"


async def test_those_who_do_not_see_each_other_do_not_read_each_other(rest: RestServer) -> None:
    ana, ben = await rest.sign_up(), await rest.sign_up()
    place = await a_place(rest.world.pool)
    await review(rest, ana, place)
    assert len((await read(rest, ben, place))["items"]) == 1
    await rest.world.block(ana["user"]["id"], ben["user"]["id"])
    assert (await read(rest, ben, place))["items"] == []
    assert len((await read(rest, ana, place))["items"]) == 1


async def test_a_review_that_moderators_find_wrong(rest: RestServer) -> None:
    """It is hidden from all but its author and does not count; when that is undone, it is back."""
    ana, ben, mia = [await rest.sign_up() for _ in range(3)]
    await rest.world.set_role(mia["user"]["id"], "moderator")
    place = await a_place(rest.world.pool)
    bad = (await review(rest, ana, place, 1, content="Idiots!")).body
    await review(rest, ben, place, 5)
    subject = {"subject": {"type": "review", "id": bad["id"]}, "reason": "hate", "block": False}
    told = await rest.ask("POST", "/v1/reports", token=ben["access_token"], json=subject)
    assert told.status == 201, told.body
    query = "SELECT case_id FROM interaction.reports WHERE id = $1"
    case = f"/v1/admin/reports/{await rest.world.pool.fetchval(query, told.body['id'])}"
    shown = (await rest.ask("GET", case, token=mia["access_token"])).body
    assert shown["evidence"][0]["content"]["reported"]["content"] == "Idiots!"
    assert await comes_to(rest, ben, place) == (3.0, 2)  # until somebody has decided
    warned = await rest.ask("POST", f"{case}/decide", token=mia["access_token"], json={"action": "warn"})
    assert warned.status == 200, warned.body
    assert [item["rating"] for item in (await read(rest, ben, place))["items"]] == [5]
    assert [item["rating"] for item in (await read(rest, ana, place))["items"]] == [5, 1]
    assert await comes_to(rest, ben, place) == (5.0, 1)
    await change(rest, ana, bad["id"], rating=2)  # which changes nothing for others
    assert await comes_to(rest, ben, place) == (5.0, 1)
    assert (await rest.ask("POST", f"{case}/undo", token=mia["access_token"])).status == 200
    assert [item["rating"] for item in (await read(rest, ben, place))["items"]] == [5, 2]
    assert await comes_to(rest, ben, place) == (3.5, 2)


async def test_who_deletes_their_account_takes_their_words_along(rest: RestServer) -> None:
    """They count no more."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    place = await a_place(rest.world.pool)
    await review(rest, ana, place, 1, title="Bad")
    await review(rest, ben, place, 4)
    assert (await delete_account(rest, ana)).status == 202
    await erase(rest, ana["user"]["id"])
    assert [item["rating"] for item in (await read(rest, ben, place))["items"]] == [4]
    assert await comes_to(rest, ben, place) == (4.0, 1)


async def test_whatever_many_do_at_once_is_counted_exactly(rest: RestServer) -> None:
    """Writing, changing, taking back and hiding, of few places by many people."""
    chance = Random(14)
    places = [await a_place(rest.world.pool) for _ in range(2)]
    people = [await rest.sign_up() for _ in range(12)]

    async def busy(who: Person) -> None:
        for _ in range(6):
            place = chance.choice(places)
            made = await review(rest, who, place, chance.randint(1, 5))
            if made.status == 201:
                await change(rest, who, made.body["id"], rating=chance.randint(1, 5))
            if made.status == 201 and chance.random() < 0.3:
                await rest.world.pool.execute(
                    "UPDATE places.reviews SET hidden_at = now() WHERE id = $1", made.body["id"]
                )
            if made.status == 201 and chance.random() < 0.4:
                await delete(rest, who, made.body["id"])

    await asyncio.gather(*map(busy, people))
    counts = [(await comes_to(rest, people[0], place))[1] for place in places]
    assert sum(counts) > 0


async def test_a_half_is_rounded_up(rest: RestServer) -> None:
    """As people and PostgreSQL do: eight that come to 21 are 2.63 on average."""
    ana, place = await rest.sign_up(), await a_place(rest.world.pool)
    for rating in (5, 4, 3, 3, 2, 2, 1, 1):
        await rest.world.pool.execute(
            "INSERT INTO places.reviews (id, user_id, location_id, rating, created_at)"
            " VALUES ($1, $2, $3, $4, now())",
            new_id(),
            await rest.world.person(),
            place,
            rating,
        )
    assert await comes_to(rest, ana, place) == (2.63, 8)
