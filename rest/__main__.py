"""`python -m rest` serves the REST side alone, with the same settings as `python -m realtime`."""

import gc
import os
import sys
from functools import partial
from pathlib import Path

import uvloop

from composition import open_files
from composition.program import serve
from composition.rest import running
from core import logs
from core.environment import SettingsError, load
from core.garbage import collect_little
from db.embedded.errors import EmbeddedError
from db.migrations.migrate import MigrationError
from db.outage import UnusableError


def main() -> int:
    """The exit code."""
    try:
        settings = load(os.environ, Path(".env"))
    except SettingsError as mistakes:
        sys.stderr.write(f"These settings do not serve:\n{mistakes}\n")
        return 2
    logs.set_up(settings)
    try:
        open_files.for_a_server(settings)
        collect_little()
        gc.freeze()  # all has been imported by now, and is never looked through for garbage
        uvloop.run(serve(partial(running, settings), "Realtime Connect's REST side"))
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1
    return 0


sys.exit(main())
