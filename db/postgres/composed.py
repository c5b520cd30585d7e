"""Statements that are made of others, so that what they ask is asked in one trip."""

import re

_PARAMETER = re.compile(r"\$(\d+)")


def given(statement: str, *parameters: str) -> str:
    """The same with these parameters: the first of them for `$1`, and so on."""
    return _PARAMETER.sub(lambda number: parameters[int(number[1]) - 1], statement)


def after(first: int, statement: str) -> str:
    """The same with all its parameters after so many others."""
    return _PARAMETER.sub(lambda number: f"${first + int(number[1])}", statement)
