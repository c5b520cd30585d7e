"""Reports, trust, blocks and bans, and how each takes effect."""

from composition.calls import CallParts
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.returns import trust
from core.ids import new_id
from realtime.background.ban_effects import BanEffectsWorker
from realtime.background.block_effects import BlockEffectsWorker
from realtime.background.reviews import Reviews
from realtime.calls.eligibility import EligibilityService
from realtime.matchmaking.queue import Queue
from realtime.presence.presence import PresenceService
from services.blocks import AnnouncedBlockEffects, Blocks
from services.connections import Connections
from services.reports import ReportService
from services.sightings import Sightings


class Conduct:
    """Reports, and the tiers of trust that follow from them."""

    def __init__(self, stores: LiveStores, base: Foundation) -> None:
        settings = base.settings
        self.trust = trust(stores, base)
        self.reviews = Reviews(self.trust)
        self.reports = ReportService(
            stores.reports,
            AnnouncedBlockEffects(base.bus),
            self.trust,
            new_id,
            window_ms=settings.report_h * 3_600_000,
        )


class Protection:
    """Blocks and bans, with their effects on people who are connected."""

    def __init__(
        self,
        stores: LiveStores,
        base: Foundation,
        *,
        calls: CallParts,
        queue: Queue,
        eligibility: EligibilityService,
        connections: Connections,
        presence: PresenceService,
        sightings: Sightings,
    ) -> None:
        self.block_effects = BlockEffectsWorker(
            store=stores.blocks,
            record=stores.call_records,
            call_service=calls.call_service,
            eligibility=eligibility,
            connections=connections,
            presence=presence,
            clock=base.clock,
        )
        self.blocks = Blocks(stores.blocks, self.block_effects)
        self.ban_effects = BanEffectsWorker(
            store=stores.bans,
            record=stores.call_records,
            sessions=stores.events,
            queue=queue,
            call_service=calls.call_service,
            eligibility=eligibility,
            presence=presence,
            sightings=sightings,
            clock=base.clock,
        )
