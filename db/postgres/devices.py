"""Devices to push to, in Postgres. A device goes with the session in which it was named: triggers see to it.

What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from core.clock import to_datetime
from core.contract.devices import Device
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, queries

MOST = 20  # of a user; one named later takes the place of the one that was named first
_SQL, _OWN = queries("devices"), own_queries("devices")


class Target(Struct, frozen=True, kw_only=True):
    """A device, and how it is reached."""

    device_id: str
    platform: str
    token: str | None = None
    subscription: Mapping[str, Any] | None = None


class DeviceStore:
    """Devices of all users."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, user_id: str, session_id: str, device_id: str, device: Device, now: int) -> None:
        """Push to this device. Whoever was reached there before is not any more."""
        subscription = device.subscription
        endpoint = subscription and subscription.endpoint
        async with own_rows(self._pool, user_id) as own:
            await own.execute(
                _OWN["put"],
                device_id,
                session_id,
                device.platform,
                device.token,
                subscription and to_builtins(subscription),
                to_datetime(now),
            )
            await own.execute(_OWN["crowded_out"], MOST)
            others = await own.as_owner()
            await others.execute(_SQL["elsewhere"], user_id, device_id, device.token, endpoint)

    async def delete(self, user_id: str, device_id: str) -> None:
        """Push to it no longer."""
        async with own_rows(self._pool, user_id) as own:
            await own.execute(_OWN["delete"], device_id)

    async def of_user(self, user_id: str, now: int) -> list[Target]:
        """Those of the user who are signed in there."""
        rows = await self._pool.fetch(_SQL["of_user"], user_id, to_datetime(now))
        return [Target(**row) for row in rows]
