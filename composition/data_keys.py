"""`python -m realtime data-keys`: what is encrypted with which key, and how that is changed."""

import argparse

from core.keys import Keyring
from core.settings import Settings
from db.postgres.data_keys import KeyStore
from db.postgres.pool import Pool
from db.postgres.sealed_rows import SealedRows
from services.encryption import Encryption


async def data_keys(pool: Pool, settings: Settings, asked: argparse.Namespace) -> str:
    """Do what is asked; gives what to say. Raises `NotYet`, `KeyMissing`."""
    encryption = Encryption(KeyStore(pool), SealedRows(pool), Keyring.of(settings), _say)
    acts = {"status": encryption.status, "encrypt": encryption.encrypt, "rehash": encryption.rehash}
    return await acts[asked.act]()


def _say(line: str) -> None:
    print(line, flush=True)
