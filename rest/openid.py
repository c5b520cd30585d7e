"""Signing in by Google or Apple over REST. Decides nothing: `services.openid` does."""

from core.contract import openid as contract
from core.contract.accounts import SignedIn
from core.contract.logins import LoginView
from core.contract.openid import OfProvider, OpenIdSignIn
from rest.http.request import Created, Request
from services.openid import OpenId


class OpenIdHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, openid: OpenId) -> None:
        self._openid = openid

    async def open_id(self, request: Request) -> SignedIn | LoginView | Created:
        name, sent = request.at(OfProvider).provider, request.sent(OpenIdSignIn)
        if request.access is not None:
            return await self._openid.link(name, request.access, sent, request.client, request.now)
        entered = await self._openid.sign_in(name, sent, request.client, request.now)
        return Created(entered.signed_in) if entered.created else entered.signed_in
