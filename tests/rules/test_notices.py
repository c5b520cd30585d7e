"""What somebody is told of a decision about them."""

from core.contract.notifications import NotificationNew
from services.notices import Notices
from tests.heard import Heard

NOW = 1_700_000_000_000


async def test_a_warning_is_told_once_and_an_outage_is_no_error() -> None:
    """What was decided stands without it."""
    events = Heard()
    notices = Notices(events)
    events.down = True
    await notices.warned("ben", "s1", NOW)
    events.down = False
    for _ in range(2):
        await notices.warned("ben", "s1", NOW)
    [told] = events.by("ben", NotificationNew)
    assert told.notification.subject.id == "s1"
