"""The runtime folder: temporary, with a short path, because a socket's path may have at most 107 bytes.

It holds the sockets, in a folder that only the servers' account may enter, and copies of binaries when that
account could not reach the originals.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.embedded.account import SystemUser, can_reach
from db.embedded.errors import EmbeddedError
from db.embedded.folder import RUNTIME_PREFIX

# Short, as "/rc-embedded-12345678/s/.s.PGSQL.5432.lock" is added to it; plain, as clients split at commas.
PLAIN = re.compile(r"[\w./-]{1,60}", re.ASCII)


@contextmanager
def runtime_folder(account: SystemUser | None) -> Iterator[Path]:
    """A new private folder, removed at the end. Raises `EmbeddedError` if none can be made."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=_base(account)))
        held = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise EmbeddedError(
            f"No temporary folder can be made: {error}. Set TMPDIR to another place."
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_SH)  # systemd does not clean up temporary files that are locked
        _make_sockets(folder, account)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sockets(runtime: Path) -> Path:
    """The folder of the servers' sockets."""
    return runtime / "s"


def _make_sockets(runtime: Path, account: SystemUser | None) -> None:
    sockets(runtime).mkdir(mode=0o700)
    if account is not None:
        account.own(sockets(runtime))
        runtime.chmod(0o711)


def _base(account: SystemUser | None) -> Path:
    """The first temporary place with a short path which the account can enter and run programs from."""
    wanted = Path(tempfile.gettempdir())
    for base in (wanted, Path("/tmp"), Path("/var/tmp"), Path("/run")):  # noqa: S108 - mkdtemp makes it private
        if PLAIN.fullmatch(str(base)) and base.is_dir() and _usable(base, account):
            return base
    return wanted


def _usable(base: Path, account: SystemUser | None) -> bool:
    if account is None:
        return os.access(base, os.W_OK | os.X_OK)
    return can_reach(base, account) and not os.statvfs(base).f_flag & os.ST_NOEXEC
