"""Which of the application's handlers gets an event, in python-socketio's order. Pure look-ups.

First the handler of this event in the namespace, then the catch-all of the namespace, then the same in the
catch-all namespace, then a namespace class, then the catch-all class. An event that a client itself calls
`*` has no handler of that name: it reaches the catch-all like any unknown event.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from socketio import AsyncNamespace

from .packets import RESERVED

Handler = Callable[..., Any]
Tables = Mapping[str, Mapping[str, Handler]]
Classes = Mapping[str, AsyncNamespace]

_NOTHING: Final[Mapping[str, Handler]] = {}


def find(
    event: str, namespace: str, tables: Tables, classes: Classes
) -> tuple[Handler, tuple[str, ...]] | None:
    """The handler of an event, and its arguments before the session id. None: there is no handler."""
    own = tables.get(namespace)
    if own is not None:
        handler = own.get(event)
        if handler is not None and event != "*":
            return handler, ()
        handler = own.get("*")
        if handler is not None and event not in RESERVED:
            return handler, (event,)
    return _find_wider(event, namespace, tables.get("*", _NOTHING), classes)


def _find_wider(
    event: str, namespace: str, everywhere: Mapping[str, Handler], classes: Classes
) -> tuple[Handler, tuple[str, ...]] | None:
    if event in everywhere and event != "*":
        return everywhere[event], (namespace,)
    if "*" in everywhere and event not in RESERVED:
        return everywhere["*"], (event, namespace)
    if namespace in classes:
        return _of_class(classes[namespace], event), ()
    if "*" in classes:
        return _of_class(classes["*"], event), (namespace,)
    return None


def _of_class(namespace: AsyncNamespace, event: str) -> Handler:
    """The method of a namespace class, or its `trigger_event` where that is its own."""
    if type(namespace).trigger_event is not AsyncNamespace.trigger_event:
        return lambda *args: namespace.trigger_event(event, *args)
    method: Handler = getattr(namespace, f"on_{event}", _unanswered)
    return method


def _unanswered(*_args: Any) -> None:
    """A namespace class without a method for an event acknowledges it with nothing."""


def accepts_namespace(namespace: str, allowed: Any, tables: Tables, classes: Classes) -> bool:
    """Whether clients may connect to a namespace."""
    return namespace in tables or namespace in classes or allowed == "*" or namespace in allowed


def accepted(handler: Handler, most: int) -> int:
    """How many of `most` positional arguments a handler takes, by its signature, which is read once."""
    function = getattr(handler, "__func__", handler)
    bound = int(function is not handler)
    return max(0, _accepted(function, most + bound) - bound)


@lru_cache(maxsize=512)
def _accepted(function: Handler, most: int) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return most
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return most
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(most, sum(parameter.kind in places for parameter in parameters))
