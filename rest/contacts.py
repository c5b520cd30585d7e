"""Contacts over REST. Decides nothing: `services.contacts` does."""

from core.contract import contacts as contract
from core.contract.contacts import ContactMatches, SentContacts
from rest.http.request import Request
from services.contacts import Contacts


class ContactHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    async def send_contacts(self, request: Request) -> ContactMatches:
        sent, network = request.sent(SentContacts), request.client.network
        return await self._contacts.find(request.caller, sent, network, request.now)

    async def forget_contacts(self, request: Request) -> None:
        await self._contacts.forget(request.caller.user_id)
