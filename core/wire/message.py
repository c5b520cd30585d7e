"""What a message is. Every command, event and REST body is a Struct made here, checked once at the edge.

A command names its event and the Struct of its answer; an event says whether it is durable. The
dispatcher, the validation and both API documents are derived from these classes.
"""

from typing import Any, ClassVar, dataclass_transform

import msgspec
from msgspec import Struct, StructMeta

from core.limits import LimitName

CONTRACT = "1.1"  # the version of the wire contract: a client omits what is newer


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class _FrozenMeta(StructMeta):
    """Frozen, keyword-only Structs, in a way that type checkers follow through subclasses."""


class _MessageMeta(_FrozenMeta):
    """Lets a message state its wire name where its fields are: `class Join(Command, event="queue:join")`."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        event: str | None = None,
        reply: type[Struct] | None = None,
        volatile: bool = False,
        concurrent: bool = False,
        limits: tuple[LimitName, ...] = (),
        **options: Any,
    ) -> Any:
        cls: Any = super().__new__(mcs, name, bases, namespace, **options)
        cls.event, cls.reply, cls.volatile, cls.concurrent = event, reply, volatile, concurrent
        cls.limits = limits
        if event is not None:
            cls.registry[event] = cls
        return cls


class Wire(Struct, metaclass=_FrozenMeta, frozen=True, kw_only=True, omit_defaults=True):
    """Something the server says. An optional field that has its default is left out."""


class Input(Struct, metaclass=_FrozenMeta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a client says. An unknown field is refused by name.

    `secrets` are fields of which nothing is kept, not even in a digest.
    """

    secrets: ClassVar[tuple[str, ...]] = ()


class Empty(Wire):
    """Nothing more to say: `{}`."""


class Command(Input, metaclass=_MessageMeta):
    """A message from client to server, always acknowledged with `reply` or an error.

    A connection's commands are handled one after the other. Those that are `concurrent` begin in their order
    without waiting for each other's answer; any other still waits for all before it. `limits` are those that
    it has beside the ones that count every command.
    """

    general_limits: ClassVar[tuple[LimitName, ...]] = ("commands", "account_commands", "network_commands")

    event: ClassVar[str]
    reply: ClassVar[type[Struct]]
    volatile: ClassVar[bool]
    concurrent: ClassVar[bool]
    limits: ClassVar[tuple[LimitName, ...]]
    registry: ClassVar[dict[str, type["Command"]]] = {}


class Event(Wire, metaclass=_MessageMeta):
    """A message from server to client: durable (stored, with an offset) unless `volatile`."""

    event: ClassVar[str]
    volatile: ClassVar[bool]
    registry: ClassVar[dict[str, type["Event"]]] = {}
