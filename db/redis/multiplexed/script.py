"""Scripts: sent by the digest of their text, which each server is given once a connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from db.redis.multiplexed.words import Arg, Words


@dataclass(frozen=True, slots=True)
class Script:
    """A script. `repeatable`: it may be sent again after a reconnect, as nothing happens twice."""

    name: str
    text: str
    sha: str
    repeatable: bool


def load_script(path: Path, *, repeatable: bool, shared: str = "") -> Script:
    """From a file; `shared` is put before it."""
    text = shared + path.read_text()
    # What Redis names a script by, no secret.
    return Script(path.stem, text, sha1(text.encode(), usedforsecurity=False).hexdigest(), repeatable)


def script_words(script: Script, keys: Sequence[str], args: Sequence[Arg] = ()) -> Words:
    """A script as a command of a transaction: with its text, since a digest that the server has forgotten
    would be found out only when the commands before it have been performed."""
    return "EVAL", script.text, len(keys), *keys, *args
