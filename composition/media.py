"""What people upload: the object store, the decoding of pictures, and who is shown what."""

from collections.abc import Callable
from functools import partial

import structlog

from composition.foundation import Foundation
from composition.scanning import scanner
from core.keys import Keyring
from core.seals import Seals
from core.settings import Settings
from core.vocabulary import MediaPurpose, MediaState
from db.objects.store import object_store
from db.postgres.jobs import JobStore
from db.postgres.media import MediaStore
from db.postgres.media_views import MediaViews
from db.postgres.profiles import ProfileStore
from services.avif import Avif
from services.decoders import Decoders
from services.jobs import JobQueue
from services.media import MediaService
from services.media_addresses import FileAddresses, MediaAddresses, UploadAddresses
from services.media_rules import first_state
from services.picture_scans import PictureScans
from services.upload_limits import UploadLimits
from services.uploads import Uploads

_log = structlog.get_logger()


class MediaParts:
    """The use cases of media on one process, and how much it takes. `decoders`: other ones than usual."""

    def __init__(self, base: Foundation, decoders: Decoders | None = None) -> None:
        settings, keyring = base.settings, base.keyring
        self.limits = UploadLimits(settings)
        store, objects, scan = MediaStore(base.pool), object_store(settings), scanner(settings)
        seals, self.views = Seals(keyring.sealing("media at rest")), media_views(base)
        self.service = MediaService(
            store,
            objects,
            seals=seals,
            addresses=MediaAddresses(
                keyring.keys("address of a media"), valid_ms=settings.media_address_s * 1000
            ),
            files=_files(settings),
            views=self.views,
            profiles=ProfileStore(base.pool),
        )
        self.uploads = Uploads(
            store,
            objects,
            decoders=decoders or Decoders.of(settings),
            avif=avif(base),
            seals=seals,
            addresses=UploadAddresses(
                keyring.keys("address of an upload"), valid_ms=settings.upload_address_s * 1000
            ),
            settings=settings,
            first_state=_first_state(settings),
            new_id=base.new_id,
            clock=base.clock,
        )
        self.scans = PictureScans(store, self.service, scan) if scan else None


def avif(base: Foundation) -> Avif:
    """Pictures as AVIF: whoever takes uploads asks for it, whoever does jobs makes it."""
    settings, seals = base.settings, Seals(base.keyring.sealing("jobs"))
    return Avif(
        MediaStore(base.pool),
        object_store(settings),
        JobQueue(JobStore(base.pool, seals, base.clock), base.bus),
        Decoders.later(settings) if settings.media_avif == "on" else None,
        base.clock,
    )


def media_views(base: Foundation) -> MediaViews:
    """How media are shown."""
    return MediaViews(_files(base.settings), base.clock)


def _files(settings: Settings) -> FileAddresses:
    keys = Keyring.of(settings).keys("address of a file")
    return FileAddresses(keys, base=settings.media_url, valid_ms=settings.file_address_s * 1000)


def _first_state(settings: Settings) -> Callable[[MediaPurpose], MediaState | None]:
    """The rule for what the operator has set. Where it takes no pictures for strangers, the log says so."""
    rule = partial(
        first_state,
        review=settings.media_review,
        scanned=bool(settings.scan_url),
        production=settings.environment == "production",
    )
    if rule("photo") is None:
        _log.warning("No pictures for strangers are taken: set SCAN_URL, or MEDIA_REVIEW=after.")
    return rule
