"""What people upload: the object store, the decoding of pictures, and who is shown what."""

from composition.foundation import Foundation
from composition.stores import Stores
from core.keys import Keyring
from core.seals import Seals
from db.objects.store import object_store
from db.postgres.media import MediaStore
from services.media import MediaService, UploadLimits
from services.media_addresses import MediaAddresses
from services.pictures import Pictures


class MediaParts:
    """The use cases of media on one process, and how much it takes."""

    def __init__(self, stores: Stores, base: Foundation) -> None:
        settings, keyring = base.settings, Keyring.of(base.settings)
        self.limits = UploadLimits(stores.limiter, settings)
        self.service = MediaService(
            MediaStore(base.pool),
            object_store(settings),
            pictures=Pictures.of(settings),
            seals=Seals(keyring.keys("media at rest")),
            addresses=MediaAddresses(
                keyring.keys("address of a media"), valid_ms=settings.media_address_s * 1000
            ),
            new_id=base.new_id,
            clock=base.clock,
        )
