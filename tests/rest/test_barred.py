"""The address of somebody who is banned opens no other account, whether theirs is there or erased.

Whoever types it is told what they would be told of any address that is taken, and so not that it is banned.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.ids import new_id
from core.keys import Keyring
from core.settings import Settings
from db.postgres.marks import MarkStore
from services.marks import Marker, Sighting
from tests.rest.server import RestServer, new_person

MARKER = Marker(Keyring.of(Settings()).keys("marks of accounts"))


async def seen(rest: RestServer, user_id: str) -> None:
    """As at each sign-in."""
    marks = MarkStore(rest.world.pool)
    [known] = await marks.known([user_id])
    await marks.note({user_id: MARKER.marks(Sighting(user_id=user_id), known)}, rest.clock())


@contextmanager
def asked_of(pool: Any) -> Iterator[list[str]]:
    """The statements that the connections of this pool are given meanwhile."""
    statements: list[str] = []

    def note(query: Any) -> None:
        statements.append(query.query)

    connections = [holder._con for holder in pool._holders if holder._con]
    for connection in connections:
        connection.add_query_logger(note)
    yield statements
    for connection in connections:
        connection.remove_query_logger(note)


async def erase(rest: RestServer, user_id: str) -> None:
    """As it will be: nothing that tells who it was is left of the account."""
    await rest.world.pool.execute(
        "UPDATE identity.users SET email = NULL, username = NULL, password_hash = NULL, deleted_at = now()"
        " WHERE id = $1",
        user_id,
    )


async def test_who_was_banned_and_erased_does_not_register_again(rest: RestServer) -> None:
    """Nor by another way to write the same mailbox; when the ban is over, they may."""
    name = new_person()["username"].replace("-", "")
    person = new_person(email=f"{name}@gmail.com")
    user_id = (await rest.sign_up(**person))["user"]["id"]
    await seen(rest, user_id)
    await rest.world.ban(user_id, until=rest.clock() + 60_000)
    alias = f"{name[:3]}.{name[3:]}+again@googlemail.com"
    other = await rest.sign_up()
    taken = await rest.ask("POST", "/v1/auth/register", json=new_person(email=other["user"]["email"]))
    assert (taken.code, taken.body["details"]) == ("conflict", {"field": "email"})
    for address in (person["email"], alias):
        again = await rest.ask("POST", "/v1/auth/register", json=new_person(email=address))
        assert (again.status, again.body) == (taken.status, taken.body), address
    await erase(rest, user_id)
    for address in (person["email"], person["email"].upper(), alias):
        again = await rest.ask("POST", "/v1/auth/register", json=new_person(email=address))
        assert (again.status, again.body) == (taken.status, taken.body), address
    rest.clock.advance(s=60)
    await rest.sign_up(email=person["email"])


async def test_a_refused_registration_leaves_nothing(rest: RestServer) -> None:
    """Its username is free."""
    person = new_person()
    user_id = (await rest.sign_up(**person))["user"]["id"]
    await seen(rest, user_id)
    await rest.world.ban(user_id)
    await erase(rest, user_id)
    other = new_person(email=person["email"])
    assert (await rest.ask("POST", "/v1/auth/register", json=other)).code == "conflict"
    await rest.sign_up(username=other["username"])


async def test_as_much_is_asked_of_the_database_as_for_any_address_that_is_taken(rest: RestServer) -> None:
    """Or how long the answer takes would tell. Also with the key of a request, and a name that is taken."""
    person, living = new_person(), (await rest.sign_up())["user"]
    user_id = (await rest.sign_up(**person))["user"]["id"]
    await seen(rest, user_id)
    await rest.world.ban(user_id)
    await erase(rest, user_id)
    for more, headers in (
        ({}, {}),
        ({}, {"Idempotency-Key": new_id()}),
        ({"username": living["username"]}, {}),
    ):
        asked, told = [], []
        for address in (living["email"], person["email"]):
            with asked_of(rest.world.pool) as statements:
                body = new_person(email=address, **more)
                answer = await rest.ask("POST", "/v1/auth/register", json=body, headers=headers)
            asked.append(statements)
            told.append((answer.status, answer.body))
        assert told[0] == told[1]
        assert asked[0] == asked[1] != [], more
