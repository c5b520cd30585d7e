"""One-time codes over REST. Decides nothing: `services.totp` does."""

from core.contract import totp as contract
from core.contract.totp import TotpCode, TotpOn, TotpSecret
from rest.http.request import Request
from services.owner_proofs import OwnerProofs
from services.totp import OneTimeCodes


class TotpHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, codes: OneTimeCodes, proofs: OwnerProofs) -> None:
        self._codes, self._proofs = codes, proofs

    async def turn_on_totp(self, request: Request) -> TotpSecret:
        sent = request.sent(TotpOn)
        if sent.code is not None:
            return await self._codes.turn_on(request.caller, sent.code, request.now)
        await self._proofs.check(request.caller, sent.password, request.client.network, request.now)
        return await self._codes.ask(request.caller, request.now)

    async def turn_off_totp(self, request: Request) -> None:
        await self._codes.turn_off(request.caller, request.sent(TotpCode).code, request.now)
