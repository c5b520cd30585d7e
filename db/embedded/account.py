"""Who runs the servers. PostgreSQL refuses to run as root, so root hands both to an ordinary user.

No folder is opened for that user: data is reached through the working directory that it inherits, and
binaries that it cannot reach are copied to where it can.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.embedded.errors import EmbeddedError

PREFERRED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An ordinary user that root drops to."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that drop to this user and every privilege with it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one file or folder to this user."""
        os.chown(path, self.uid, self.gid)


def _of_uid(uid: int, gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # the folder came from another machine: the number is enough to go on using it
        return Account(f"uid {uid}", uid, gid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _of_owner(folder: Path) -> Account | None:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return _of_uid(found.st_uid, found.st_gid) if found.st_uid else None


def choose_account(data: Path, entries: list[pwd.struct_passwd]) -> Account | None:
    """The user for the servers of `data`: whom the data or its folder belongs to, else one of `entries`.

    None when this process is not root. Raises `EmbeddedError` when there is no ordinary user at all.
    """
    if os.geteuid() != 0:
        return None
    owner = _of_owner(data / "postgres") or _of_owner(data / "redis") or _of_owner(data)
    if owner or (owner := _of_owner(data.parent)):
        return owner
    ordinary = {entry.pw_name: entry for entry in entries if entry.pw_uid != 0}
    for name in (*PREFERRED, *sorted(ordinary, key=lambda name: -ordinary[name].pw_uid)):
        if name in ordinary:
            return Account(name, ordinary[name].pw_uid, ordinary[name].pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and this system has no other user. "
        "Make one (useradd --system postgres), or set DATABASE_URL to a PostgreSQL that runs elsewhere."
    )


def _may_search(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether the user may pass through every parent of `path`, links resolved, and use `path`."""
    real = path.resolve()
    return account is None or all(_may_search(folder, account) for folder in (real, *real.parents))
