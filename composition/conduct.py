"""Reports, the cases they make, and the tiers of trust that follow from them: for both programs."""

from composition.foundation import Foundation
from composition.returns import trust
from composition.stores import Stores
from core.ids import new_id
from db.postgres.appeals import AppealStore
from db.postgres.media_review import MediaReviewStore
from services.appeals import Appeals
from services.blocks import AnnouncedBlockEffects
from services.cases import Cases
from services.expulsions import Expulsions
from services.media_review import MediaReview
from services.notifications import Notifications
from services.reports import ReportService


class Conduct:
    """The use cases."""

    def __init__(
        self, stores: Stores, base: Foundation, expulsions: Expulsions, notifications: Notifications
    ) -> None:
        settings = base.settings
        self.trust = trust(stores, base)
        blocks = AnnouncedBlockEffects(base.bus)
        self.reports = ReportService(stores.reports, blocks, self.trust, expulsions, base.bus, new_id)
        claim_ms = settings.claim_m * 60_000
        self.cases = Cases(stores.cases, self.trust, expulsions, notifications, claim_ms=claim_ms)
        self.appeals = AppealStore(base.pool, stores.notifications.notify, base.fields)
        self.appealing = Appeals(self.appeals, notifications)
        self.media_reviews = MediaReviewStore(base.pool, stores.notifications.notify, base.fields)
        self.media_review = MediaReview(self.media_reviews, notifications)
