"""Reports, the cases they make, and the tiers of trust that follow from them: for both programs."""

from composition.foundation import Foundation
from composition.returns import trust
from composition.stores import Stores
from core.ids import new_id
from services.blocks import AnnouncedBlockEffects
from services.cases import Cases
from services.expulsions import Expulsions
from services.notices import Notices
from services.reports import ReportService


class Conduct:
    """The use cases."""

    def __init__(self, stores: Stores, base: Foundation, expulsions: Expulsions) -> None:
        settings = base.settings
        self.trust, self.notices = trust(stores, base), Notices(stores.events)
        blocks = AnnouncedBlockEffects(base.bus)
        self.reports = ReportService(stores.reports, blocks, self.trust, expulsions, base.bus, new_id)
        claim_ms = settings.claim_m * 60_000
        self.cases = Cases(stores.cases, self.trust, expulsions, self.notices, claim_ms=claim_ms)
