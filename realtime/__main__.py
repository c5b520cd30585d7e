"""`python -m realtime` serves everything; `python -m realtime settings` prints the table of settings."""

import argparse
import gc
import os
import sys
from pathlib import Path

import uvloop

from core import logs
from core.settings import SettingsError, load, table


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser("python -m realtime", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "settings"),
        default="serve",
        help="serve the page, Socket.IO and REST (the default), or print the table of settings",
    )
    if parser.parse_args().command == "settings":
        sys.stdout.write(table())
        return 0
    try:
        settings = load(os.environ, Path(".env"))
    except SettingsError as mistakes:
        sys.stderr.write(f"These settings do not serve:\n{mistakes}\n")
        return 2
    logs.set_up(settings)
    # Imported here: the table of settings needs none of it.
    from db.embedded.errors import EmbeddedError  # noqa: PLC0415
    from db.migrate import MigrationError  # noqa: PLC0415
    from db.outage import UnusableError  # noqa: PLC0415
    from realtime.app import serve  # noqa: PLC0415

    # Fewer, larger collections: nearly all that a server allocates lives as long as a connection.
    gc.set_threshold(20_000, 20, 50)
    try:
        uvloop.run(serve(settings))
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1
    return 0


sys.exit(main())
