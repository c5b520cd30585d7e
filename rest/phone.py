"""Signing in by phone over REST. Decides nothing: `services.phone` does."""

from core.contract import phone as contract
from core.contract.accounts import SignedIn
from core.contract.logins import LoginView
from core.contract.phone import CodeSent, PhoneStart, PhoneVerify
from rest.http.request import Created, Request
from services.phone import Phones


class PhoneHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, phones: Phones) -> None:
        self._phones = phones

    async def start_phone(self, request: Request) -> CodeSent:
        return await self._phones.start(request.sent(PhoneStart), request.now)

    async def verify_phone(self, request: Request) -> SignedIn | LoginView | Created:
        sent = request.sent(PhoneVerify)
        if request.access is not None:
            return await self._phones.link(request.access, sent, request.client, request.now)
        entered = await self._phones.sign_in(sent, request.client, request.now)
        return Created(entered.signed_in) if entered.created else entered.signed_in
