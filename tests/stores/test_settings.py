"""Settings on the real Postgres: what a patch does, and that tables and contract have the same words."""

from typing import get_args

import asyncpg
import pytest
from msgspec import structs

from core.contract.settings import SettingsPatch, SettingsView
from core.vocabulary import Theme
from db.postgres.settings import SettingsStore
from services.settings import TIME_ZONES
from tests.stores.world import World


async def test_a_patch_changes_what_it_names(world: World) -> None:
    """From nothing, over what is there, and back to nothing."""
    store, ana = SettingsStore(world.pool), await world.person()
    assert await store.of(ana) == SettingsView(theme="system", language=None, time_zone=None)
    first = await store.change(ana, SettingsPatch(theme="neon", time_zone="UTC"))
    assert first == SettingsView(theme="neon", language=None, time_zone="UTC")
    second = await store.change(ana, SettingsPatch(language="de", time_zone=None))
    assert second == SettingsView(theme="neon", language="de", time_zone=None)
    assert await store.change(ana, SettingsPatch()) == await store.of(ana) == second
    assert (await store.change(ana, SettingsPatch(theme=None))).theme == "system"


async def test_every_field_has_its_column(world: World) -> None:
    """A field that is only in the contract would be taken and forgotten."""
    query = "SELECT * FROM identity.settings WHERE false"
    async with world.pool.acquire() as connection:
        columns = {column.name for column in (await connection.prepare(query)).get_attributes()}
    for kind in (SettingsPatch, SettingsView):
        assert {field.name for field in structs.fields(kind)} == columns - {"user_id"}


async def test_table_and_contract_have_the_same_words(world: World) -> None:
    """Each theme can be kept and the longest time zone; what the contract refuses, the table does too."""
    store, ana = SettingsStore(world.pool), await world.person()
    for theme in get_args(Theme):
        assert (await store.change(ana, SettingsPatch(theme=theme))).theme == theme
    longest = max(TIME_ZONES, key=len)
    assert (await store.change(ana, SettingsPatch(time_zone=longest))).time_zone == longest
    with pytest.raises(asyncpg.CheckViolationError):
        await store.change(ana, SettingsPatch(language="German"))
