"""Reports, the cases they make, and the tiers of trust that follow from them: for both programs."""

from composition.foundation import Foundation
from composition.returns import trust
from composition.stores import Stores
from core.ids import new_id
from services.blocks import AnnouncedBlockEffects
from services.cases import Cases
from services.expulsions import Expulsions
from services.reports import ReportService


class Conduct:
    """The use cases."""

    def __init__(self, stores: Stores, base: Foundation) -> None:
        settings = base.settings
        self.trust = trust(stores, base)
        self.reports = ReportService(
            stores.reports, AnnouncedBlockEffects(base.bus), self.trust, base.bus, new_id
        )
        expulsions = Expulsions(stores.expulsions, base.bus)
        self.cases = Cases(stores.cases, self.trust, expulsions, claim_ms=settings.claim_m * 60_000)
