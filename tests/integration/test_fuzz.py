"""Nearly right payloads of every command find no `internal`, and leave no traceback in the log.

`make fuzz` sends many more.
"""

import logging

import pytest

from core.contract.index import COMMANDS
from tests.fuzz.rounds import fuzz
from tests.integration.conftest import SignUp
from tests.stores.world import World

COUNT, SEED = 3000, 20


async def test_no_payload_breaks_a_command(
    world: World,
    sign_up: SignUp,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Refused for what the client did, or taken; each command is sent often enough to be both."""
    with caplog.at_level(logging.ERROR):
        findings = await fuzz(world, sign_up, COUNT, SEED, lambda *_: None)
    assert not findings.wrong, "\n".join(findings.wrong[:20])
    logged = "".join(capfd.readouterr())
    assert "Traceback" not in logged, logged[-5000:]
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    for kind in COMMANDS:
        codes = {
            answer.partition(" ")[2] for answer in findings.answers if answer.startswith(f"{kind.event} ")
        }
        assert "invalid_request" in codes or "payload_too_large" in codes, kind.event
