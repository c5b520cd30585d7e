"""Who answers the endpoints of REST, in both programs. A new resource is a line in `_resources`."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from composition.foundation import Foundation
from composition.stores import Stores
from db.postgres.audit import AuditLog
from db.postgres.settings import SettingsStore
from db.postgres.values import ValueStore
from rest.accounts import AccountHandlers
from rest.app import make_app
from rest.audit import AuditHandlers
from rest.blocks import BlockHandlers
from rest.calls import CallHandlers
from rest.chat import ChatHandlers
from rest.connections import ConnectionHandlers
from rest.http.binding import Resource
from rest.matches import MatchHandlers
from rest.profiles import ProfileHandlers
from rest.service import Check
from rest.sessions import SessionHandlers
from rest.settings import SettingsHandlers
from rest.values import ValueHandlers
from services.accounts import Accounts
from services.blocks import Blocks
from services.settings import OwnSettings
from services.values import Values


def application(
    base: Foundation,
    stores: Stores,
    accounts: Accounts,
    blocks: Blocks,
    *,
    checks: Mapping[str, Check],
    notes: Sequence[str] = (),
) -> web.Application:
    """The REST application. `checks` are what `/readyz` asks, `notes` what it passes on."""
    return make_app(
        settings=base.settings,
        clock=base.clock,
        registry=base.registry,
        authenticate=accounts.authenticate,
        resources=_resources(base, stores, accounts, blocks),
        checks=checks,
        notes=notes,
    )


def _resources(base: Foundation, stores: Stores, accounts: Accounts, blocks: Blocks) -> list[Resource]:
    return [
        AccountHandlers(accounts),
        SessionHandlers(accounts),
        ProfileHandlers(accounts),
        ValueHandlers(Values(ValueStore(base.pool))),
        SettingsHandlers(OwnSettings(SettingsStore(base.pool))),
        BlockHandlers(blocks),
        CallHandlers(stores.call_records),
        ConnectionHandlers(stores.connections),
        ChatHandlers(stores.rooms),
        MatchHandlers(stores.matches),
        AuditHandlers(AuditLog(base.pool)),
    ]
