"""Which handler answers which command: the method that takes it. Checked at start; nobody lists them."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Iterable, Iterator
from inspect import getmembers_static, iscoroutinefunction, isfunction, signature
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Struct

from core.later import Later
from core.wire.message import Command, Empty
from realtime.gateway.caller import Caller

C = TypeVar("C", bound=Command)
Handler = Callable[[Caller, Any], Awaitable[Struct | None]]


class BindingError(Exception):
    """A command has no handler or two, or an object that should handle commands takes none."""


def bind(parts: Iterable[object], commands: Iterable[type[Command]]) -> dict[type[Command], Handler]:
    """Each command with its handler: the public method of one of these whose second argument it is.

    The first one is the `Caller`, or the id of the user, where only that is asked. Raises `BindingError`.
    """
    bound: dict[type[Command], tuple[str, Handler]] = {}
    for part in parts:
        found = list(_handlers(part))
        if not found:
            raise BindingError(f"{_place(part)} has no method that takes a command.")
        for command, name, handler in found:
            place = f"{_place(part)}.{name}"
            if command in bound:
                raise BindingError(f"`{command.event}` has two handlers: {bound[command][0]} and {place}.")
            bound[command] = place, handler
    if missing := set(commands) - set(bound):
        raise BindingError(f"No method takes {', '.join(sorted(f'`{c.event}`' for c in missing))}.")
    return {command: handler for command, (_, handler) in bound.items()}


def by_user(use_case: Callable[[str, C], Awaitable[Struct | None]]) -> Handler:
    """The handler of a use case that asks only which user it is for; one without a reply is acknowledged."""
    if not iscoroutinefunction(use_case):
        return lambda caller, command: use_case(caller.user_id, command)

    async def handle(caller: Caller, command: C) -> Struct:
        reply = await use_case(caller.user_id, command)
        return Empty() if reply is None else reply

    return handle


def _handlers(part: object) -> Iterator[tuple[type[Command], str, Handler]]:
    """The public methods of two arguments, a command second."""
    for name, function in getmembers_static(type(part), isfunction):
        called = signature(function)
        kinds = [parameter.annotation for parameter in called.parameters.values()][1:]
        if name[0] == "_" or len(kinds) != 2 or not _is_command(kinds[1]):
            continue
        who, command = kinds
        reply = called.return_annotation or Empty
        if get_origin(reply) in (Future, Later):  # it answers without a task of its own
            reply = get_args(reply)[0] or Empty
        elif not iscoroutinefunction(function):
            raise BindingError(f"{_place(part)}.{name} is no coroutine and gives no future.")
        if reply is not command.reply:
            declared = command.reply.__name__
            raise BindingError(f"{_place(part)}.{name} does not answer with `{declared}`, as is declared.")
        method = getattr(part, name)
        yield command, name, method if who is Caller else by_user(method)


def _is_command(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Command)


def _place(part: object) -> str:
    return f"{type(part).__module__}.{type(part).__name__}"
