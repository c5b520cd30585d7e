"""Scripts: sent by the digest of their text, which each server is given once a connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from db.redis.multiplexed.words import Arg, Words


@dataclass(frozen=True, slots=True)
class Script:
    """A script. `repeatable`: it may be sent again after a reconnect, as nothing happens twice.

    `sharded`: the same where users' events are announced by sharded pub/sub, if it announces any.
    """

    name: str
    text: str
    sha: str
    repeatable: bool
    sharded: "Script | None" = None


_ANNOUNCES, _TO_SHARD = "'PUBLISH', 'user'", "'SPUBLISH', 'user'"  # as in stream.lua


def load_script(path: Path, *, repeatable: bool, shared: str = "") -> Script:
    """From a file; `shared` is put before it."""
    text = shared + path.read_text()
    sharded = _script(path.stem, text.replace(_ANNOUNCES, _TO_SHARD), repeatable)
    return _script(path.stem, text, repeatable, sharded if sharded.text != text else None)


def _script(name: str, text: str, repeatable: bool, sharded: Script | None = None) -> Script:
    # What Redis names a script by, no secret.
    sha = sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(name, text, sha, repeatable, sharded)


def script_words(script: Script, keys: Sequence[str], args: Sequence[Arg] = ()) -> Words:
    """A script as a command of a transaction: with its text, since a digest that the server has forgotten
    would be found out only when the commands before it have been performed."""
    return "EVAL", script.text, len(keys), *keys, *args
