"""The statements that run as the owner, to whom all rows are shown, and why: a part of `docs/security.md`.

`python -m db.postgres.as_owner` writes that part anew; a test fails where it is not what the files say.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from db.postgres.own_rows import OPEN, TABLES
from db.postgres.pool import FILES, marked

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
_BEGINS, _ENDS = "<!-- written by `python -m db.postgres.as_owner` -->\n", "<!-- end -->\n"
# By why its statements run as the owner: each file of SQL that has any.
WHY: Mapping[str, str] = {
    "Who somebody is, is found out by them; they see secrets, and what is nobody else's to have": (
        "accounts codes email logins password sessions standing totp usernames"
    ),
    "They read or change what two people share, or what others show": (
        "blocks call_records comments connections direct_calls friend_suggestions friends groups likes posts"
        " mentor_sessions mutes profiles receipts rooms settings timelines unsettled_sessions user_locks"
        " video_requests"
    ),
    "They look for whose a number or a device is": "contacts devices",
    "They bring people together, by what is known of all": "applicants eligibility matches trust",
    "They keep people safe from others: moderators, and rules": (
        "accusations admin_users appeals audit bans cases evidence expulsions granted_appeals"
        " marks media_review penalties reports strikes suspicions"
    ),
    "It counts for metrics, and shows nobody": "open_calls",
    "They are of users that no person is": "demo probes",
    "They are jobs of the server, for all": (
        "erasures exports forgotten_messages jobs outbox pending_work retention"
    ),
    "They tell people what others have done, and go by whom these may see": (
        "moment_pushes notifications room_pushes"
    ),
    "Files are shown to others, and looked after by jobs": "media",
    "They are of places and mentors, and of what people say of those, which is shown to all": (
        "locations locations_imported mentors reviews"
    ),
    "They judge what somebody says by what is not theirs to change, and count it for the place": (
        "check_ins journeys"
    ),
    "They let people earn rewards, and partners redeem them": (
        "partners redemptions reward_ledger reward_rules rewards"
    ),
    "Keys by which data is encrypted are nobody's": "data_keys",
    "Keys of requests are those of strangers too": "idempotency",
}
_TABLE = "| file | as the owner | why |\n|---|---|---|\n"


def section() -> str:
    """What the page says of tables and statements."""
    others = "\n".join(f"- {why}: {_names(tables.split())}" for why, tables in OPEN.items())
    return f"Guarded are {_names(TABLES)}. Of the other tables with personal data\n\n{others}\n\n{_rows()}\n"


def _names(tables: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in tables)


def _rows() -> str:
    """A row for each file with statements of the owner, and which in it are none of those."""
    why = {file: reason for reason, files in WHY.items() for file in files.split()}
    rows = []
    for file in FILES:
        if marked(file, "name", "both"):
            own = ", ".join(marked(file, "own"))
            which = f"all but {own}" if own else "all"
            rows.append(f"| `{file}.sql` | {which} | {why.get(file, '')} |")
    return _TABLE + "\n".join(rows)


def written(page: str) -> str:
    """The page with this part as it is now."""
    before, _, rest = page.partition(_BEGINS)
    _, _, after = rest.partition(_ENDS)
    return f"{before}{_BEGINS}\n{section()}\n{_ENDS}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
