"""The file that is a copy of somebody's own data: a ZIP of JSON, and of what they uploaded.

It is written to a file without a name, which is gone with the process, a few rows or one upload at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec

from core.clock import rfc3339
from core.data_rules import Table
from core.personal_data import TABLES
from db.postgres.exports import Export, ExportStore, MediaFile
from db.postgres.personal_data import PersonalData
from services.ports import Objects

TOLD = [table for table in TABLES if table.file]
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/ogg": "ogg",
}
_README = """This is a copy of what {product} keeps about you, as of {at}.

Each file in the folder `data` is about one thing: what it is, how long it is kept, and the items. Times are
UTC. Other people are named by their ids only, and what they wrote is not here: it is theirs. The folder
`media` has what you have uploaded. What is not told, and why, is in the server's documents.
"""
Come = Callable[[float], Awaitable[None]]


class ExportFiles:
    """Writes them."""

    def __init__(self, data: PersonalData, store: ExportStore, objects: Objects) -> None:
        self._data, self._store, self._objects = data, store, objects

    async def write(self, export: Export, to: IO[bytes], now: int, come: Come) -> None:
        """Write all of it, and say from time to time how far that has `come`: up to 1."""
        steps = len(TOLD) * 2  # the tables are half of it, whatever there is to upload
        with ZipFile(to, "w", ZIP_DEFLATED) as archive:
            readme = _README.format(product="Realtime Connect", at=rfc3339(now))
            await asyncio.to_thread(archive.writestr, "README.txt", readme)
            for step, table in enumerate(TOLD):
                await self._table(archive, table, export, now)
                if step % 5 == 0:
                    await come(step / steps)
            done = 0
            async for files in self._store.files(export.user_id, now):
                for file in files:
                    await self._file(archive, file)
                    done += 1
                await come(1 - 0.5 / (1 + done / 100))

    async def _table(self, archive: ZipFile, table: Table, export: Export, now: int) -> None:
        with archive.open(_entry(f"data/{table.file}.json", ZIP_DEFLATED), "w", force_zip64=True) as entry:
            head = msgspec.json.encode({"about": table.about, "kept": str(table.lasts)})
            entry.write(head[:-1] + b',"items":[')
            between = b"\n"
            async for rows in self._data.rows(table, export.user_id, now, since=export.asked_at):
                await asyncio.to_thread(entry.write, between + _lines(rows))
                between = b",\n"
            entry.write(b"\n]}\n")

    async def _file(self, archive: ZipFile, file: MediaFile) -> None:
        data = await self._objects.get(file.key)
        if data is not None:
            ending = _ENDINGS.get(file.content_type, "bin")
            entry = _entry(f"media/{file.id}.{ending}", ZIP_STORED)
            await asyncio.to_thread(archive.writestr, entry, data)


def _entry(name: str, packed: int) -> ZipInfo:
    entry = ZipInfo(name)
    entry.compress_type = packed
    return entry


def _lines(rows: Sequence[str]) -> bytes:
    return ",\n".join(rows).encode()
