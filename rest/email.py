"""One's email address over REST. Decides nothing: `services.email` does."""

from core.contract import email as contract
from core.contract.email import ChangeEmail, VerifyEmail
from rest.http.request import Request
from services.email import Emails


class EmailHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, emails: Emails) -> None:
        self._emails = emails

    async def send_email(self, request: Request) -> None:
        await self._emails.send(request.caller, request.client.language, request.now)

    async def verify_email(self, request: Request) -> None:
        await self._emails.verify(request.sent(VerifyEmail).token, request.now)

    async def change_email(self, request: Request) -> None:
        sent, client = request.sent(ChangeEmail), request.client
        await self._emails.change(request.caller, sent, client.network, client.language, request.now)
