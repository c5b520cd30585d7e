"""Media as they are shown: which addresses they have, and for how long the same ones."""

from typing import Any

from core.ids import new_id
from core.keys import Keyring
from db.postgres.media import Media
from db.postgres.media_views import MediaViews
from services.media_addresses import FileAddresses

NOW, VALID_MS = 1_800_000_000_000, 60_000
KEYS = Keyring("a secret of some length").keys("address of a file")
SERVER = "https://example.org"


def a_media(**more: Any) -> Media:
    given = {"purpose": "photo", "type": "image", "state": "ready", "size": 9, "key": "k", "key_id": None}
    return Media(id=new_id(NOW), owner_id=new_id(NOW), **{"renditions": ("s160", "s640"), **given, **more})


def test_addresses_say_where_the_server_is_and_change_in_time() -> None:
    """As they are signed at that moment, whoever was told before, and from which server."""
    times = [NOW, NOW + VALID_MS - 1, NOW + VALID_MS, NOW + 10 * VALID_MS]
    for base in ("", "https://cdn.example.org"):
        files, moment = FileAddresses(KEYS, base=base, valid_ms=VALID_MS), [NOW]
        views, media = MediaViews(files, lambda moment=moment: moment[0]), a_media()  # type: ignore[misc]
        for now in times:
            for server in ("", SERVER, "http://another.example.org", SERVER):
                moment[0], at = now, "" if base else server
                urls = views.view(media, server).urls
                assert urls.original == at + files.of(media.id, "original", now)
                assert urls.s640 == views.photo(media.id, server) == at + files.of(media.id, "s640", now)
                assert urls.s160 == at + files.of(media.id, "s160", now)
                assert not urls.s1280


def test_what_nobody_may_read_has_no_address() -> None:
    """Nor when it had one a moment before: it was refused since, or has become smaller."""
    views = MediaViews(FileAddresses(KEYS, base="", valid_ms=VALID_MS), lambda: NOW)
    media = a_media()
    assert views.view(media).urls.original
    for more in ({"state": "refused"}, {"purpose": "report"}):
        assert not views.view(Media(**{**_fields(media), **more})).urls.original
    assert not views.view(Media(**{**_fields(media), "renditions": ()})).urls.s640


def _fields(media: Media) -> dict[str, Any]:
    return {name: getattr(media, name) for name in media.__struct_fields__}
