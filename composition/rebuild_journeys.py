"""`python -m realtime rebuild-journeys`: what check-ins come to, folded anew."""

import sys
from collections.abc import Callable

from core.clock import now_ms
from db.postgres.journeys import NOBODY, JourneyStore

_AT_ONCE = 500


async def rebuild_journeys(store: JourneyStore, say: Callable[[str], object] = sys.stderr.write) -> str:
    """One after the other, each while its user checks in nowhere; gives what to say. May be repeated."""
    after, seen, changed = NOBODY, 0, 0
    while some := await store.travellers(after, _AT_ONCE):
        for user_id in some:
            changed += await store.rebuild(user_id, now_ms())
        after, seen = some[-1], seen + len(some)
        say(f"{seen:,} read\n")
    return f"{seen:,} journeys folded anew; {changed:,} were another."
