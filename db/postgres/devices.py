"""Devices to push to, in Postgres. A device goes with the session in which it was named: triggers see to it.

What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, to_builtins

from core.clock import to_datetime, to_ms
from core.contract.devices import Device
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, queries

MOST = 20  # of a user; one named later takes the place of the one that was named first
_SQL, _OWN = queries("devices"), own_queries("devices")


class Target(Struct, frozen=True, kw_only=True):
    """A device, and how it is reached. `refused`: so often in a row its push service has said no.

    `service`: whose the `token` of an iPhone is; by its `voip_token` it rings by itself.
    """

    device_id: str
    platform: str
    service: str = "fcm"
    token: str | None = None
    voip_token: str | None = None
    subscription: Mapping[str, Any] | None = None
    refused: int = 0


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
                device.service,
                device.token,
                device.voip_token,
                subscription and to_builtins(subscription),
                to_datetime(now),
            )
            await own.execute(_OWN["crowded_out"], MOST)
            others = await own.as_owner()
            await others.execute(
                _SQL["elsewhere"], user_id, device_id, device.token, device.voip_token, endpoint
            )

    async def delete(self, user_id: str, device_id: str) -> None:
        """Push to it no longer."""
        async with own_rows(self._pool, user_id) as own:
            await own.execute(_OWN["delete"], device_id)

    async def forget(self, user_id: str, target: Target) -> None:
        """It is not reached so any more. If it has been named anew since then, it stays."""
        endpoint = (target.subscription or {}).get("endpoint")
        await self._pool.execute(_SQL["forget"], user_id, target.device_id, target.token, endpoint)

    async def rings_no_more(self, user_id: str, target: Target) -> None:
        """It does not ring by that token any more; else it is reached as before."""
        await self._pool.execute(_SQL["rings_no_more"], user_id, target.device_id, target.voip_token)

    async def refused(self, user_id: str, target: Target, now: int) -> tuple[int, int]:
        """Its push service has said no once more: how often in a row by now, and for how many ms."""
        endpoint = (target.subscription or {}).get("endpoint")
        row = await self._pool.fetchrow(
            _SQL["refused"], user_id, target.device_id, target.token, endpoint, to_datetime(now)
        )
        return (row["refused"], now - to_ms(row["refused_since"])) if row else (0, 0)

    async def welcome(self, user_id: str, target: Target) -> None:
        """Its push service takes what is for it, after it has said no."""
        await self._pool.execute(_SQL["welcome"], user_id, target.device_id)

    async def of_users(self, user_ids: Collection[str], now: int) -> list[tuple[str, Target]]:
        """Those of these users who are signed in there, each with its user."""
        rows = await self._pool.fetch(_SQL["of_users"], list(user_ids), to_datetime(now))
        return [_owned(**row) for row in rows]

    async def of_user(self, user_id: str, now: int) -> list[Target]:
        """Those of this user."""
        return [device for _, device in await self.of_users([user_id], now)]


def _owned(user_id: str, **device: Any) -> tuple[str, Target]:
    return user_id, Target(**device)
