"""Each own-data statement with a mistake in it: its condition on the user is left out, or names another.

As the owner it would then read or change what is somebody else's, which is shown first. In an own-data
transaction the mistake makes no difference.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec
import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from core.notices import Notice
from db.postgres.own_rows import TABLES, OwnRows, OwnStatement, own_queries
from db.postgres.pool import FILES, Connection
from tests.stores.mentoring import a_mentor, a_session
from tests.stores.places import a_check_in
from tests.stores.rewarding import a_reward, a_shop
from tests.stores.world import World

STATEMENTS = {f"{file}.{name}": each for file in FILES for name, each in own_queries(file).items()}
CONDITION = re.compile(r"(?:\b\w+\.)?(?:user_id|owner_id|id) = \$1\b")
WRITES = re.compile(r"INSERT INTO|FROM social\.read_notifications\(\$1")
NOW = to_datetime(now_ms())


# Numbers of a sequence are not taken back.
_ROWS = " UNION ALL ".join(
    f"SELECT '{name}' AS name, (to_jsonb(t) - 'number')::text AS body FROM {name} t"
    f" WHERE {condition.removesuffix(' = identity.me()')} = ANY ($1::uuid[])"
    for name, condition in TABLES.items()
    if condition.endswith(" = identity.me()")
)


class Given(msgspec.Struct, frozen=True):
    """Two people, each with some of everything, and what statements are given besides the user."""

    ana: str
    ben: str
    more: Mapping[str, Sequence[Any]]


@pytest.fixture
async def given(world: World) -> Given:
    ana, ben, cleo = await world.person("Ana"), await world.person("Ben"), await world.person("Cleo")
    room = (await world.connected((ben, cleo))).room_id
    await world.say(room, ben, "for Cleo alone")
    told = [
        str(await world.notifications.tell(Notice(user_id=who, kind="system", title="Hello"), now_ms()))
        for who in (ana, ben)
    ]
    await has_some_of_everything(world, ana, "8")
    session, media = await has_some_of_everything(world, ben, "9")
    shop = await a_shop(world)
    [_, reward] = [(await a_reward(world, who, shop)).id for who in (ana, ben)]
    session_of_both = await a_session(world.pool, await a_mentor(world.pool, ana), ben)
    await world.pool.executemany(
        "INSERT INTO places.mentor_notes (id, session_id, user_id, notes, updated_at)"
        " VALUES ($1, $2, $3, 'Shy.', now())",
        [(new_id(), session_of_both, who) for who in (ana, ben)],
    )
    return Given(
        ana,
        ben,
        {
            "check_ins.page": (*[None] * 7, 100),
            "consents.add": ("terms", "9", True, NOW),
            "consents.of": (),
            "contacts.forget": (),
            "contacts.sender": (session,),
            "contacts.new": ([sha256(ben.encode()).digest()], [None]),
            "devices.crowded_out": (0,),
            "devices.delete": ("phone",),
            "devices.put": ("phone", session, "web", "fcm", None, None, None, NOW),
            "email.of": (),
            "exports.begin": (new_id(), new_id(), NOW),
            "exports.latest": (NOW,),
            "exports.retire": (NOW,),
            "journeys.of": (),
            "logins.of": (),
            "logins.remove": (ben,),  # their password, that is
            "mentor_sessions.notes": ([session_of_both],),
            "notifications.delivered": (told, NOW),
            "notifications.page": (NOW, None, None, 100),
            "notifications.page_of_unread": (NOW, None, None, 100),
            "notifications.read": (None, NOW),
            "profiles.change": (1, "Zoe", *["casual", []], *[None] * 3, ["other"], 18, 99, NOW, *[None] * 3),
            "profiles.hide": (NOW,),
            "profiles.me": (),
            "profiles.show": ([media], "image", NOW),
            "rewards.of_user": (NOW, reward),
            "rewards.page": (NOW, None, None, 10),
            "rooms.page": (room, 2**62, 10),
            "sessions.page": (NOW, None, 100),
            "sessions.revoke": (session, "signed_out", NOW),
            "settings.change": ({"theme": "neon", "privacy": {"find_by_search": True}},),
            "settings.of": (),
            "user_locks.lock_me": (),
            "values.lock": (),
            "values.of": (),
            "values.replace": (["00000000000000bb"], ["music"], ["Jazz"], [3]),
        },
    )


async def has_some_of_everything(world: World, who: str, terms: str) -> tuple[str, str]:
    """They have agreed to these terms. Gives their session, and a photo that they show."""
    session, media, former = new_id(), new_id(), new_id()
    for statement in (
        "INSERT INTO identity.settings (user_id, theme) VALUES ($1, 'dark')",
        "INSERT INTO identity.consents (user_id, kind, version, given, at)"
        f" VALUES ($1, 'terms', '{terms}', true, now())",
        "INSERT INTO identity.user_values (user_id, key, category, value_name, strength, place)"
        " VALUES ($1, '00000000000000aa', 'music', $1::uuid::text, 1, 1)",
        f"INSERT INTO identity.sessions (id, user_id, created_at, last_used_at, expires_at)"
        f" VALUES ('{session}', $1, now(), now(), now() + interval '1 day')",
        f"INSERT INTO identity.devices (user_id, device_id, session_id, platform, updated_at)"
        f" VALUES ($1, 'phone', '{session}', 'web', now())",
        "INSERT INTO identity.exports (id, user_id, key, asked_at, expires_at)"
        f" VALUES ('{new_id()}', $1, '{new_id()}', now(), now() + interval '1 day')",
        "INSERT INTO social.contacts (owner_id, mark, sent_at)"
        " VALUES ($1, sha256(convert_to($1::uuid::text, 'UTF8')), now())",
        f"INSERT INTO social.media"
        f" (id, owner_id, purpose, type, state, size, created_at, key, stored, used_for, used_at)"
        f" SELECT id, $1, 'photo', 'image', 'ready', 1, now(), id::text, true, $1, now()"
        f" FROM unnest(ARRAY['{media}', '{former}']::uuid[]) AS id",
        f"UPDATE identity.profiles SET photo_ids = ARRAY['{media}'::uuid] WHERE user_id = $1",
    ):
        await world.pool.execute(statement, who)
    await a_check_in(world.pool, who)
    return session, media


async def test_a_statement_without_its_condition_sees_nothing_of_others(world: World, given: Given) -> None:
    """Whatever it reads or changes is what it reads or changes with it."""
    assert STATEMENTS.keys() == given.more.keys(), "each has an example here"
    leaks, harmless = [], []
    for name, statement in STATEMENTS.items():
        text, removed = CONDITION.subn("$1::uuid IS NOT NULL", statement.text)
        if not removed:
            assert WRITES.search(text), f"{name} has no condition on the user"
            continue
        right = await outcome(world, given, name, statement.text, given.ana, own=True)
        if await outcome(world, given, name, text, given.ana, own=False) == right:
            harmless.append(name)
        if await outcome(world, given, name, text, given.ana, own=True) != right:
            leaks.append(name)
    assert not harmless, "as the owner they would show nothing of others': their examples show nothing"
    assert not leaks


async def test_a_statement_that_asks_for_somebody_else_finds_nobody(world: World, given: Given) -> None:
    """Nor can it write in their name."""
    before = await rows_of(world.pool, given)
    assert "Ben" in before
    for name, statement in STATEMENTS.items():
        rows, after = await outcome(world, given, name, statement.text, given.ben, own=True)
        assert after in (before, "refused"), name
        assert given.ben not in rows, name
        assert (
            rows != (await outcome(world, given, name, statement.text, given.ben, own=False))[0]
            or rows == "[]"
        ), name


async def outcome(
    world: World, given: Given, name: str, text: str, asked: str, *, own: bool
) -> tuple[str, str]:
    """What it gives, and what the two have after it; nothing of it stays. `own`: in a transaction for Ana."""
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            if own:
                await connection.execute(f"SET LOCAL ROLE app_user; SET LOCAL app.user_id = '{given.ana}'")
            rows = await OwnRows(connection, asked).fetch(OwnStatement(text), *given.more[name])
            await connection.execute("RESET ROLE")
            return str(sorted(map(str, rows))), await rows_of(connection, given)
        except asyncpg.InsufficientPrivilegeError:
            return "[]", "refused"
        finally:
            await transaction.rollback()


async def rows_of(connection: Connection, given: Given) -> str:
    """All that the two have."""
    return str(await connection.fetch(f"{_ROWS} ORDER BY 1, 2", [given.ana, given.ben]))
