"""Contacts: who of those in one's address book is here, and lets themselves be found by their number."""

from typing import Annotated

from msgspec import Meta

from core.contract.profiles import ProfileCard
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

MOST_AT_ONCE = 2_000
ContactName = Annotated[str, Meta(max_length=100, examples=["Ana from work"])]


class Contact(Input):
    """Somebody in the address book. The `name` comes back with the answer, and is not kept.

    A number without its country's code is one of the country in one's profile; what is no number is passed
    over.
    """

    phone: Annotated[str, Meta(max_length=40, examples=["+4915112345678"])]
    name: ContactName | None = None


class SentContacts(Input):
    """What is in the address book, in parts where it is longer."""

    contacts: Annotated[list[Contact], Meta(max_length=MOST_AT_ONCE)]


class ContactMatch(Wire):
    """Somebody who is here. `name`: as the address book calls them."""

    user: ProfileCard
    name: ContactName | None = None


class ContactMatches(Wire):
    """Those of the numbers that were sent who let themselves be found."""

    matches: list[ContactMatch]


ENDPOINTS = (
    Endpoint(
        name="send_contacts",
        method="POST",
        path="/v1/contacts",
        area="people",
        summary="Who is here of one's contacts. Who joins later is suggested then.",
        body=SentContacts,
        reply=ContactMatches,
        limits=("contacts", "device_contacts", "network_contacts"),
    ),
    Endpoint(
        name="forget_contacts",
        method="DELETE",
        path="/v1/contacts",
        area="people",
        summary="Forget all contacts that one has sent.",
        status=204,
    ),
)
