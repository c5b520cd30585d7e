"""`python -m realtime import-places FILE`: places from GeoJSON or CSV, as often as one likes."""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from core.clock import now_ms
from db.postgres.locations_imported import Imported, ImportStore
from db.postgres.pool import Pool
from services.place_files import Draft, Mistake, Unreadable, from_csv, from_geojson

_AT_ONCE = 500
_SHOWN = 20


async def import_places(
    pool: Pool, asked: argparse.Namespace, say: Callable[[str], object] = sys.stderr.write
) -> str:
    """Take what can be taken; gives what to say. Raises `Unreadable`, and OSError for the file.

    How far it is, is said meanwhile. A run that is broken off has taken what it said, and may be repeated.
    """
    source = asked.source or asked.file.name
    store, done = ImportStore(pool), Imported()
    refused: list[Mistake] = []
    each = read(asked.file)
    while some := list(islice(each, _AT_ONCE)):
        drafts = [one for one in some if isinstance(one, Draft)]
        refused += [one for one in some if isinstance(one, Mistake)]
        done += await store.take(source, [(one.source_id, one.location) for one in drafts], now_ms())
        say(f"{done.created + done.changed + done.same + len(refused):,} read\n")
    await store.note(source, done, len(refused), now_ms())
    if asked.refused:
        lines = [f"{one.number}\t{one.source_id}\t{one.why}\n" for one in refused]
        asked.refused.write_text("".join(lines))
    return "\n".join([_counts(done, len(refused)), *_shown(refused, all_in=asked.refused)])


def read(file: Path) -> Iterator[Draft | Mistake]:
    """What is in it, by how its name ends. Raises `Unreadable`, OSError."""
    if file.suffix.lower() in (".geojson", ".json"):
        return from_geojson(file.read_bytes())
    if file.suffix.lower() == ".csv":
        try:
            return from_csv(file.read_text("utf-8-sig").splitlines(keepends=True))
        except UnicodeDecodeError:
            raise Unreadable("It is not in UTF-8.") from None
    raise Unreadable("Its name ends neither in .geojson or .json nor in .csv.")


def _counts(done: Imported, refused: int) -> str:
    return (
        f"{done.created:,} added, {done.changed:,} changed, {done.same:,} as they were, {refused:,} refused."
    )


def _shown(refused: list[Mistake], *, all_in: Path | None) -> list[str]:
    lines = [f"  {one.number}  {one.source_id or '-'}  {one.why}" for one in refused[:_SHOWN]]
    if len(refused) > _SHOWN:
        lines.append(f"  and {len(refused) - _SHOWN:,} more: {all_in or 'see --refused FILE'}")
    return lines
