"""Blocks, bans and reports, and how each takes effect on people who are connected."""

from composition.calls import CallParts
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from realtime.background.block_effects import BlockEffectsWorker
from realtime.background.expulsions import ExpulsionWorker
from realtime.background.report_effects import ReportEffectsWorker
from realtime.calls.eligibility import EligibilityService
from realtime.matchmaking.queue import Queue
from realtime.presence.presence import PresenceService
from services.blocks import Blocks
from services.connections import Connections
from services.farewells import Farewells
from services.friends import Friends
from services.notifications import Notifications
from services.recent_members import RecentMembers
from services.reports import ReportService
from services.sightings import Sightings


class Protection:
    """Blocks, and the effects of blocks, reports and bans on people who are connected."""

    def __init__(
        self,
        stores: LiveStores,
        base: Foundation,
        *,
        calls: CallParts,
        queue: Queue,
        eligibility: EligibilityService,
        connections: Connections,
        friends: Friends,
        members: RecentMembers,
        farewells: Farewells,
        notifications: Notifications,
        presence: PresenceService,
        sightings: Sightings,
        reports: ReportService,
    ) -> None:
        connections.on_end.append(calls.direct_calls.parted)
        self.block_effects = BlockEffectsWorker(
            store=stores.blocks,
            record=stores.call_records,
            call_service=calls.call_service,
            eligibility=eligibility,
            connections=connections,
            friends=friends,
            members=members,
            notifications=notifications,
            presence=presence,
            clock=base.clock,
        )
        self.blocks = Blocks(stores.blocks, self.block_effects)
        self.report_effects = ReportEffectsWorker(
            store=stores.reports,
            call_service=calls.call_service,
            reports=reports,
            clock=base.clock,
        )
        self.expulsions = ExpulsionWorker(
            bans=stores.bans,
            expulsions=stores.expulsions,
            record=stores.call_records,
            sessions=stores.events,
            queue=queue,
            call_service=calls.call_service,
            eligibility=eligibility,
            presence=presence,
            farewells=farewells,
            sightings=sightings,
            clock=base.clock,
        )
