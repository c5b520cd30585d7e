"""The operating system's user under which the servers run.

PostgreSQL refuses to run as root, so a server started as root runs both as an ordinary user. No folder's
permissions are changed for that user: it reaches the data through the working directory that it inherits, and
binaries that it cannot reach are copied to a place where it can.
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
class SystemUser:
    """An ordinary user, as which root starts the servers."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that run a program as this user, without other privileges."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make this user the owner of one file or folder."""
        os.chown(path, self.uid, self.gid)


def _owner(folder: Path) -> SystemUser | None:
    """The folder's owner, unless that is root. A user without a name here is named by its number."""
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        name = f"number {found.st_uid}"
    return SystemUser(name, found.st_uid, found.st_gid) if found.st_uid else None


def choose_account(data: Path, entries: list[pwd.struct_passwd]) -> SystemUser | None:
    """The user for the servers of `data`: the owner of a database there, else one of `entries`.

    A new database goes to the owner of its folder, so that root and that user can take turns; else to one of
    the users that systems usually have. None if this process is not root. Raises `EmbeddedError` if there is
    no ordinary user.
    """
    if os.geteuid() != 0:
        return None
    if cluster := _owner(data / "postgres"):
        return cluster
    ordinary = {e.pw_uid: SystemUser(e.pw_name, e.pw_uid, e.pw_gid) for e in entries if e.pw_uid != 0}
    for owner in (_owner(data), _owner(data.parent)):
        if owner is not None and owner.uid in ordinary:
            return ordinary[owner.uid]
    by_name = {account.name: account for account in ordinary.values()}
    for name in (*PREFERRED, *sorted(by_name, key=lambda name: -by_name[name].uid)):
        if name in by_name:
            return by_name[name]
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and this system has no other user. "
        "Make one (useradd --system postgres), or set DATABASE_URL to a PostgreSQL that runs elsewhere."
    )


def _may_search(folder: Path, account: SystemUser) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def can_reach(path: Path, account: SystemUser | None) -> bool:
    """Whether the user may enter every parent of `path` (links resolved), and `path` itself."""
    real = path.resolve()
    return account is None or all(_may_search(folder, account) for folder in (real, *real.parents))
