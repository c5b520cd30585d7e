"""New passwords over REST. Decides nothing: `services.password` does."""

from core.contract import password as contract
from core.contract.password import ChangePassword, ForgotPassword, ResetPassword
from rest.http.request import Request
from services.password import OwnPassword


class PasswordHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, password: OwnPassword) -> None:
        self._password = password

    async def forgot_password(self, request: Request) -> None:
        await self._password.forgot(request.sent(ForgotPassword), request.client, request.now)

    async def reset_password(self, request: Request) -> None:
        await self._password.reset(request.sent(ResetPassword), request.now)

    async def change_password(self, request: Request) -> None:
        sent, network = request.sent(ChangePassword), request.client.network
        await self._password.change(request.caller, sent, network, request.now)
