"""One-time codes over REST. Decides nothing: `services.totp` does."""

from core.contract import totp as contract
from core.contract.totp import TotpCode, TotpSecret
from rest.http.request import Request
from services.totp import OneTimeCodes


class TotpHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, codes: OneTimeCodes) -> None:
        self._codes = codes

    async def turn_on_totp(self, request: Request) -> TotpSecret:
        code = request.sent(TotpCode).code
        if code is None:
            return await self._codes.ask(request.caller, request.now)
        return await self._codes.turn_on(request.caller, code, request.now)

    async def turn_off_totp(self, request: Request) -> None:
        await self._codes.turn_off(request.caller, request.sent(TotpCode).code, request.now)
