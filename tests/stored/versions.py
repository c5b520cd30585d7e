"""What other versions write: the first one, as its bytes were kept, and a newer one, made up here."""

from pathlib import Path
from typing import Any

import msgspec

from core.ticket import Claim, Ticket
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.memory import MemoryTickets

FIRST = Path(__file__).with_name("version_1")
# Neither a field nor a word of today's: a reader ignores the one and passes the other on.
NEW_FIELDS = {"version": 7, "mood": "curious", "badges": [{"kind": "verified", "at": 1}]}
NEW_WORD = "of_tomorrow"
GARBLED = msgspec.msgpack.encode({"version": 9, "id": 5, "who": "of another shape altogether"})


def first(name: str) -> bytes:
    """As the first version wrote it."""
    return (FIRST / name).read_bytes()


def newer_card(card: dict[str, Any]) -> dict[str, Any]:
    """With a word more in each vocabulary."""
    return {**card, **NEW_FIELDS, "gender": NEW_WORD, "intent": NEW_WORD, "languages": ["tlh-x", "en"]}


def newer_ticket(ticket: Ticket) -> bytes:
    """This one as a newer version keeps it."""
    return msgspec.msgpack.encode(_newer_ticket(msgspec.to_builtins(ticket)))


def _newer_ticket(ticket: dict[str, Any]) -> dict[str, Any]:
    words = {"genders": [NEW_WORD, *ticket["genders"]], "intents": [NEW_WORD], "countries": ["EU-27"]}
    return {**ticket, **NEW_FIELDS, **words, "card": newer_card(ticket["card"]), "tier": NEW_WORD}


def newer_decision(decision: dict[str, Any]) -> dict[str, Any]:
    """With another road, another fate, and a policy of more parts."""
    contenders = [
        {
            **each,
            "ticket": _newer_ticket(each["ticket"]),
            "fate": "won" if each["fate"] == "won" else NEW_WORD,
        }
        for each in decision["contenders"]
    ]
    policy = msgspec.msgpack.decode(decision["policy"])
    policy["relaxation"][NEW_WORD] = 5
    policy["shares"][NEW_WORD] = 0.1
    return {
        **decision,
        **NEW_FIELDS,
        "road": NEW_WORD,
        "seeker": _newer_ticket(decision["seeker"]),
        "contenders": contenders,
        "policy": msgspec.msgpack.encode({**policy, **NEW_FIELDS}),
    }


def newer_claim(claim: Claim) -> bytes:
    """This one as a newer version keeps it."""
    raw = msgspec.msgpack.decode(msgspec.msgpack.encode(claim))
    tickets = {side: _newer_ticket(raw[side]) for side in ("first", "second")}
    decision = raw["decision"] and newer_decision(raw["decision"])
    return msgspec.msgpack.encode({**raw, **NEW_FIELDS, **tickets, "decision": decision})


def newer_call(call: dict[str, Any]) -> dict[str, Any]:
    """This call, of its state, with more to every part."""
    parties = [
        {
            **party,
            **NEW_FIELDS,
            "card": newer_card(party["card"]),
            "ticket": party["ticket"] and _newer_ticket(party["ticket"]),
        }
        for party in call["parties"]
    ]
    words = {"origin": NEW_WORD, "reason": call["reason"] and NEW_WORD}
    return {**call, **NEW_FIELDS, **words, "parties": parties}


async def replace_ticket(store: RedisTickets, ticket: Ticket, body: bytes) -> None:
    """What a node of another version has put in the place of this ticket, wherever it stands."""
    await store._ask("HSET", "tickets", ticket.id, body)
    store._reader.forget(ticket)
    recent = f"{ticket.mode}:recent"
    own = msgspec.msgpack.encode(ticket)
    latest = await store._ask("LRANGE", recent, 0, -1)
    for nth, kept in enumerate(latest):
        if kept == own:
            await store._ask("LSET", recent, nth, body)


async def garble(store: TicketStore, what: Ticket | Claim) -> None:
    """From now on only another version reads this."""
    name = what.id if isinstance(what, Ticket) else what.call_id
    if isinstance(store, MemoryTickets):
        store.unreadable.add(name)
    elif isinstance(what, Ticket):
        assert isinstance(store, RedisTickets)
        await replace_ticket(store, what, GARBLED)
    else:
        assert isinstance(store, RedisTickets)
        await store._ask("HSET", "claims", name, GARBLED)
