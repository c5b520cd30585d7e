"""What would fail only when somebody uploads is one sentence at the start, with the setting in it."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from composition.places import check_folder, check_places, clock_remark, redis_remark
from core.clock import now_ms
from core.settings import Settings
from db.outage import UnusableError
from tests.patience import PATIENCE_S
from tests.stores.world import World


def said(folder: Path, **least: int) -> str:
    with pytest.raises(UnusableError) as error:
        check_folder(folder, "MEDIA_STORE", **least)
    return str(error.value)


def test_a_place_that_keeps_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert said(tmp_path / "file" / "media") == f"{tmp_path}/file is no folder: set MEDIA_STORE to one."
    full = said(tmp_path / "not" / "yet", least_bytes=2**62)
    assert full.startswith(f"The disk of {tmp_path} is full (")
    assert full.endswith(" MiB are left): make room, or see MEDIA_STORE.")
    crowded = said(tmp_path / "not" / "yet", least_files=2**62)
    assert crowded.startswith(f"The disk of {tmp_path} takes no more files (")
    assert crowded.endswith(" inodes are left): delete some, or see MEDIA_STORE.")
    # Nobody writes there, not even root.
    assert said(Path("/proc/sys/media")) == "/proc/sys cannot be written to by this user: see MEDIA_STORE."


def test_only_places_that_are_used_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    usual = Settings(database_url="postgresql://db/x", redis_url="redis://r", data_dir=str(tmp_path / "file"))
    check_places(replace(usual, media_store="s3://bucket"))
    check_places(replace(usual, media_store=f"file://{tmp_path}/media"))
    assert not (tmp_path / "media").exists()
    with pytest.raises(UnusableError, match="set DATA_DIR"):
        check_places(usual)
    with pytest.raises(UnusableError, match="set MEDIA_STORE"):
        check_places(replace(usual, media_store=f"file://{tmp_path}/file"))


def test_of_a_folder_of_embedded_servers_its_owner_is_asked_before_its_room() -> None:
    """Where nobody may write there is no room either, which says nothing: they say themselves whose it is."""
    check_places(Settings(data_dir="/proc/sys/data"))


@pytest.mark.parametrize("off_s", [-3600, 3600])
async def test_a_clock_of_postgres_that_is_off_is_told(world: World, off_s: int) -> None:
    """By how much, and which settings lead to the two; one that agrees is not spoken of."""
    remark = await clock_remark(world.pool.time_ms, lambda: now_ms() - off_s * 1000)
    found = re.match(
        r"PostgreSQL's clock \(DATABASE_URL\) is (\S+) s off that of Redis \(REDIS_URL\)", remark
    )
    assert found
    assert abs(float(found[1]) - off_s) < PATIENCE_S
    assert await clock_remark(world.pool.time_ms, now_ms) == ""


async def test_slowness_is_no_difference_of_clocks() -> None:
    """The answer took a minute, and was true when it was read."""
    moments = iter([0, 60_000])

    async def read() -> int:
        return 30_000

    assert await clock_remark(read, lambda: next(moments)) == ""


def test_an_old_redis_of_ones_own_is_told() -> None:
    """One that scripts can break out of is spoken of, one that lacks commands is refused; ours is ours."""
    own = Settings(redis_url="redis://r")
    assert "Redis (REDIS_URL) is 6.2.14" in redis_remark(own, (6, 2, 14))
    assert redis_remark(own, (6, 2, 20)) == redis_remark(own, (7, 0, 15)) == redis_remark(own, ()) == ""
    assert redis_remark(Settings(), (6, 2, 14)) == ""
    assert redis_remark(Settings(redis_url="unix:///run/redis.sock?db=0"), (6, 2, 14)) == "", (
        "of a node's echo"
    )
    with pytest.raises(UnusableError, match=r"it is 6\.0\.16, and has to be 6\.2 or newer\): see REDIS_URL"):
        redis_remark(own, (6, 0, 16))
