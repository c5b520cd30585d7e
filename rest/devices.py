"""Devices to push to, over REST. Nothing is decided: a device is that of the session that names it."""

from core.contract import devices as contract
from core.contract.devices import ByDevice, Device
from db.postgres.devices import DeviceStore
from rest.http.request import Request


class DeviceHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: DeviceStore) -> None:
        self._store = store

    async def put_device(self, request: Request) -> None:
        caller, device = request.caller, request.sent(Device)
        await self._store.put(
            caller.user_id, caller.session_id, request.at(ByDevice).device_id, device, request.now
        )

    async def delete_device(self, request: Request) -> None:
        await self._store.delete(request.caller.user_id, request.at(ByDevice).device_id)
