"""Many pictures at once: nobody waits for more than one picture of another account."""

import asyncio
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from core.errors import Unavailable
from services.decoders import Decoders
from services.upload_limits import UploadLimits
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import drawn, encoded, upload
from tests.rest.server import RestServer, serving


async def test_one_account_does_not_take_the_places_of_others(
    rest: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana uploads forty pictures at once: a few are taken, and Ben's is read before the last of them."""
    ana, ben, picture = await rest.sign_up(), await rest.sign_up(), encoded(drawn())
    settings = structs.replace(
        SETTINGS,
        data_dir=str(tmp_path),
        uploads_at_once=5,
        picture_queue=6,
        picture_processes=1,
        upload_answer_s=int(PATIENCE_S),
    )
    came, read, all_are_there = list[str](), list[str](), asyncio.Event()
    take, run = Decoders._taken, Decoders._ran

    async def taken(self: Decoders, data: bytes, owner_id: str, *more: object) -> Any:
        came.append(owner_id)
        decoded = await take(self, data, owner_id, *more)
        read.append(owner_id)
        return decoded

    async def ran(self: Decoders, *given: Any) -> tuple[int, bytes]:
        await all_are_there.wait()  # else the first would be read before a busy machine has heard of the last
        return await run(self, *given)

    monkeypatch.setattr(Decoders, "_taken", taken)
    monkeypatch.setattr(Decoders, "_ran", ran)
    async with (
        serving(rest.world, rest.redis, rest.redis_client, settings) as node,
        asyncio.timeout(PATIENCE_S),
    ):
        hers = [asyncio.create_task(upload(node, ana, picture)) for _ in range(40)]
        while sum(task.done() for task in hers) < 35:
            await asyncio.sleep(0.01)
        his = asyncio.create_task(upload(node, ben, picture))
        while ben["user"]["id"] not in came:
            await asyncio.sleep(0.01)
        all_are_there.set()
        of_ben, of_ana = await his, await asyncio.gather(*hers)
        later = await upload(node, ana, picture)

    assert of_ben.status == 201, of_ben.body
    assert read.index(ben["user"]["id"]) < 5, "all of Ana's were read before Ben's"
    counted = Counter("taken" if answer.status == 201 else answer.code for answer in of_ana)
    assert counted == {"taken": 5, "rate_limited": 35}
    told = next(answer for answer in of_ana if answer.status != 201)
    assert told.status == 429
    assert told.body["retry_after_ms"] > 0
    assert int(told.headers["Retry-After"]) > 0
    assert later.status == 201, later.body


async def test_one_account_has_one_picture_in_work() -> None:
    """Accounts take turns: who sends the first picture is not behind three of somebody else."""
    decoders = Decoders(processes=1, queue=10, max_pixels=50_000_000, cpu_s=60)
    done: list[str] = []

    async def read(owner: str, data: Any) -> None:
        await decoders.picture(data, owner)
        done.append(owner)

    small = encoded(drawn())
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(read(owner, small) for owner in ("ana", "ana", "ana", "ben")))
    assert done == ["ana", "ben", "ana", "ana"]


async def test_one_account_has_one_place_in_the_line() -> None:
    """Its other pictures wait for that one: a few who send many do not fill the line of all."""
    decoders = Decoders(processes=1, queue=2, max_pixels=50_000_000, cpu_s=60)
    small = encoded(drawn())
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            *(decoders.picture(small, owner) for owner in ("ana", "ana", "ana", "eve", "eve", "eve", "ben"))
        )


async def test_a_few_accounts_do_not_hold_the_memory_of_all() -> None:
    """Each takes as much as it is given, in as many uploads as may be."""
    settings = structs.replace(SETTINGS, max_upload_bytes=10, upload_memory_bytes=170, uploads_at_once=8)
    limits = UploadLimits(settings)
    with ExitStack() as under_way:
        for owner in ("ana", "eve", "mal"):
            for _ in range(8):
                more = under_way.enter_context(limits.one(owner))
                with suppress(Unavailable):
                    more(10)
        under_way.enter_context(limits.one("ben"))(10)
    with limits.one("ana") as more:  # all was given back: as much as it leaves
        more(85)
        with pytest.raises(Unavailable):
            more(1)
