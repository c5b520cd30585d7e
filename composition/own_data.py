"""One's own data: copies of it, the end of an account, and the jobs that do both."""

from collections.abc import Sequence

from composition.accounts import Identity
from composition.foundation import Foundation
from composition.jobs import JobParts
from composition.stores import Stores
from db.objects.store import object_store
from db.postgres.erasures import ErasureStore
from db.postgres.exports import ExportStore
from db.postgres.personal_data import PersonalData
from db.redis.queue_keys import Learnt
from services.erasures import Erasures
from services.export_files import ExportFiles
from services.exports import Exports
from services.farewells import Farewells
from services.jobs import Work
from services.media_addresses import ExportAddresses
from services.notifications import Notifications


class OwnDataParts:
    """The use cases, on any process."""

    def __init__(self, stores: Stores, base: Foundation, identity: Identity, jobs: JobParts) -> None:
        settings, keyring = base.settings, base.keyring
        data, objects = PersonalData(base.pool, base.fields, base.replica), object_store(settings)
        store = ExportStore(base.pool, stores.jobs, stores.notifications.notify)
        self.exports = Exports(
            store,
            ExportFiles(data, store, objects),
            objects,
            jobs=jobs.queue,
            addresses=ExportAddresses(
                keyring.keys("address of an export"), valid_ms=settings.export_address_s * 1000
            ),
            settings=settings,
            clock=base.clock,
        )
        erasures = ErasureStore(base.pool)
        news = Notifications(stores.notifications, stores.events, None)
        self.farewells = Farewells(
            erasures, stores.friends, stores.connections, news, stores.events, base.bus, base.clock
        )
        self.erasures = Erasures(
            erasures,
            data,
            farewells=self.farewells,
            proofs=identity.proofs,
            expulsions=identity.expulsions,
            jobs=jobs.queue,
            forget=Learnt(base.redis, settings.region).forget,
            grace_days=settings.erasure_grace_days,
            clock=base.clock,
        )

    @property
    def works(self) -> Sequence[Work]:
        """What workers do of it."""
        return *self.exports.works, *self.erasures.works
