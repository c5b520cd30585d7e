"""The address of somebody who is banned opens no other account, whether theirs is there or erased."""

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


async def erase(rest: RestServer, user_id: str) -> None:
    """As it will be: nothing that tells who it was is left of the account."""
    await rest.world.pool.execute(
        "UPDATE identity.users SET email = NULL, username = NULL, password_hash = NULL, deleted_at = now()"
        " WHERE id = $1",
        user_id,
    )


async def test_who_was_banned_and_erased_does_not_register_again(rest: RestServer) -> None:
    """Nor by another way to write the same mailbox; when the ban is over, they may. Nothing more is told."""
    name = new_person()["username"].replace("-", "")
    person = new_person(email=f"{name}@gmail.com")
    user_id = (await rest.sign_up(**person))["user"]["id"]
    await seen(rest, user_id)
    await rest.world.ban(user_id, until=rest.clock() + 60_000)
    alias = f"{name[:3]}.{name[3:]}+again@googlemail.com"
    for address, code in ((person["email"], "conflict"), (alias, "banned")):
        again = await rest.ask("POST", "/v1/auth/register", json=new_person(email=address))
        assert again.code == code, address
    await erase(rest, user_id)
    for address in (person["email"], person["email"].upper(), alias):
        again = await rest.ask("POST", "/v1/auth/register", json=new_person(email=address))
        assert (again.code, again.body.get("details")) == ("banned", None), address
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
    assert (await rest.ask("POST", "/v1/auth/register", json=other)).code == "banned"
    await rest.sign_up(username=other["username"])
