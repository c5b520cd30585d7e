"""Groups: the use cases of one process."""

from composition.foundation import Foundation
from composition.stores import Stores
from services.announcer import Announcer
from services.groups import Groups
from services.recent_members import RecentMembers


def groups(stores: Stores, base: Foundation, members: RecentMembers, announcer: Announcer | None) -> Groups:
    """Without an announcer, as in a process that has none, some other node announces."""
    return Groups(
        stores.groups,
        stores.invitations,
        members,
        announcer,
        keys=base.keyring.keys("invitation"),
        site=base.settings.page_url,
    )
