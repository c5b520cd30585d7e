"""Settings on the real Postgres: what a patch does, and that tables and contract have the same words."""

from typing import get_args

import asyncpg
import pytest
from msgspec import structs

from core.contract.settings import (
    NotificationPatch,
    NotificationSettings,
    Privacy,
    PrivacyPatch,
    SettingsPatch,
    SettingsView,
)
from core.vocabulary import Theme
from db.postgres.settings import AT_FIRST, SettingsStore, notification_settings
from services.time_zones import TIME_ZONES
from tests.stores.world import World


async def test_a_patch_changes_what_it_names(world: World) -> None:
    """From nothing, over what is there, and back to nothing."""
    store, ana = SettingsStore(world.pool), await world.person()
    hidden = AT_FIRST
    at_first = SettingsView(
        theme="system",
        language=None,
        time_zone=None,
        relay_only=False,
        privacy=hidden,
        notifications=notification_settings({}),
    )
    assert await store.of(ana) == at_first
    first = await store.change(ana, SettingsPatch(theme="neon", time_zone="UTC"))
    assert first == structs.replace(at_first, theme="neon", time_zone="UTC")
    second = await store.change(ana, SettingsPatch(language="de", time_zone=None))
    assert second == structs.replace(at_first, theme="neon", language="de")
    assert await store.change(ana, SettingsPatch()) == await store.of(ana) == second
    assert (await store.change(ana, SettingsPatch(theme=None))).theme == "system"
    assert (await store.change(ana, SettingsPatch(relay_only=True))).relay_only
    assert await store.relay_only([ana, await world.person()]) == {ana}
    assert await store.change(ana, SettingsPatch(relay_only=None)) == structs.replace(second, theme="system")
    assert await store.relay_only([ana]) == frozenset()
    shown = await store.change(ana, SettingsPatch(privacy=PrivacyPatch(find_by_search=True)))
    assert (shown.privacy, shown.language) == (structs.replace(hidden, find_by_search=True), "de")
    assert await store.change(ana, SettingsPatch(privacy=PrivacyPatch())) == shown


async def test_what_one_is_told_is_merged_key_by_key(world: World) -> None:
    """Two patches of different kinds both have their effect; null puts back one, or all of it."""
    store, ana = SettingsStore(world.pool), await world.person()

    async def told(patch: NotificationPatch | None) -> NotificationSettings:
        return (await store.change(ana, SettingsPatch(notifications=patch))).notifications

    assert not (await told(NotificationPatch(kinds={"friend_request": False}))).kinds["friend_request"]
    quiet = await told(
        NotificationPatch(push=False, quiet_from="22:00", quiet_to="07:30", kinds={"like": False})
    )
    assert (quiet.push, quiet.email, quiet.quiet_from, quiet.quiet_to) == (False, False, "22:00", "07:30")
    assert [kind for kind, on in quiet.kinds.items() if not on] == ["friend_request", "like"]
    back = await told(NotificationPatch(quiet_to=None, kinds={"like": None}))
    assert (back.push, back.quiet_from, back.quiet_to, back.kinds["like"]) == (False, "22:00", None, True)
    assert await told(None) == notification_settings({})


async def test_every_field_has_its_column(world: World) -> None:
    """A field that is only in the contract would be taken and forgotten."""
    query = "SELECT * FROM identity.settings WHERE false"
    async with world.pool.acquire() as connection:
        columns = {column.name for column in (await connection.prepare(query)).get_attributes()}
    for kind, private in ((SettingsPatch, PrivacyPatch), (SettingsView, Privacy)):
        fields = {field.name for each in (kind, private) for field in structs.fields(each)}
        assert fields - {"privacy", "relay_missing"} == columns - {"user_id"}


async def test_table_and_contract_have_the_same_words(world: World) -> None:
    """Each theme can be kept and the longest time zone; what the contract refuses, the table does too."""
    store, ana = SettingsStore(world.pool), await world.person()
    for theme in get_args(Theme):
        assert (await store.change(ana, SettingsPatch(theme=theme))).theme == theme
    longest = max(TIME_ZONES, key=len)
    assert (await store.change(ana, SettingsPatch(time_zone=longest))).time_zone == longest
    with pytest.raises(asyncpg.CheckViolationError):
        await store.change(ana, SettingsPatch(language="German"))
