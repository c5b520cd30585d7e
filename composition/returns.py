"""Trust, and what makes a suspect of an account that may be that of somebody banned."""

from composition.foundation import Foundation
from composition.stores import Stores
from core.clock import DAY_MS
from core.ids import new_id
from services.marks import Marker
from services.sightings import Sightings
from services.trust import TrustService


def trust(stores: Stores, base: Foundation) -> TrustService:
    """How far users are trusted, as the operator has set it."""
    settings = base.settings
    return TrustService(
        stores.trust,
        base.clock,
        new_id,
        window_ms=settings.trust_window_d * DAY_MS,
        early_ms=settings.early_hang_up_s * 1000,
        review_ms=settings.trust_review_s * 1000,
    )


def sightings(stores: Stores, base: Foundation) -> Sightings:
    """What accounts are seen with, as keyed hashes."""
    marker = Marker(base.keyring.hashing("marks of accounts"))
    return Sightings(stores.marks, stores.suspicions, marker, trust(stores, base))
