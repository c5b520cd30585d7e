"""The page about personal data, `docs/data.md`: `python -m realtime data` prints it."""

from collections.abc import Iterator

from core.data_rules import Deleted, Emptied, Table
from core.nobodys_data import NOBODYS
from core.personal_data import TABLES

_PREFACE = """# What is known of people

For every table: how it is in the copy of their data that people may ask for, what becomes of it when they
delete their account, and how long it is kept. The server does what is written here: this page is printed, by
`python -m realtime data`, from what it reads itself, `core/personal_data.py`. The settings are explained in
[Settings](settings.md).

People delete their account at `DELETE /v1/me`. It is out at once, as if it was banned, and erased
`ERASURE_GRACE_DAYS` later; who signs in until then may take it back. What others have a part in stays, with
an id in it that leads to nobody. What moderators still have to decide waits for that. Files go with what they
belong to, within minutes. Redis keeps what it knows of somebody for a day at most; how somebody waits in the
queue and how often they accept an offer for a week, unless the account is erased before.

A copy (`POST /v1/me/export`) is a ZIP: a JSON file for each table that has one here, and what somebody has
uploaded. In it is what is theirs: other people are named by their ids only, and what those wrote or
decided is in their own copies. That goes for messages in a room of two as well: what somebody else wrote can
be read in the room.

| table | in the copy | what it is | when the account is deleted | how long |
|---|---|---|---|---|
"""
_UNTOLD = """
## What is not in the copy

| table | columns | why |
|---|---|---|
"""
_NOBODYS = """
## What says nothing of anybody

| table | what it is |
|---|---|
"""


def table() -> str:
    """All of it, as Markdown."""
    nobodys = (f"| `{name}` | {why} |" for why, tables in NOBODYS.items() for name in tables)
    return (
        _PREFACE
        + "\n".join(map(_row, TABLES))
        + "\n"
        + _UNTOLD
        + "\n".join(row for each in TABLES for row in _untold(each))
        + "\n"
        + _NOBODYS
        + "\n".join(nobodys)
        + "\n"
    )


def _row(each: Table) -> str:
    file = f"`data/{each.file}.json`" if each.file else "no"
    return f"| `{each.name}` | {file} | {each.about} | {_erased(each)} | {_lasts(each)} |"


def _erased(each: Table) -> str:
    how = each.erased
    return f"{how.says}." if isinstance(how, Deleted | Emptied) else f"stays. {how.why}"


def _lasts(each: Table) -> str:
    return f"{each.lasts}."


def _untold(each: Table) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for column, why in each.reasons.items():
        reasons.setdefault(why, []).append(f"`{column}`")
    for why, columns in reasons.items():
        yield f"| `{each.name}` | {', '.join(columns)} | {why} |"
