"""One's ways to sign in over REST. Decides nothing: `services.logins` does."""

from core.contract import logins as contract
from core.contract.logins import LoginPage, LoginRemoval
from core.wire.endpoint import ById
from rest.http.request import Request
from services.logins import Logins


class LoginHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    async def logins(self, request: Request) -> LoginPage:
        return LoginPage(items=await self._logins.of(request.caller.user_id), next_cursor=None)

    async def remove_login(self, request: Request) -> None:
        sent, login_id = request.sent(LoginRemoval), request.at(ById).id
        network = request.client.network
        await self._logins.remove(request.caller, login_id, sent.password, network, request.now)
