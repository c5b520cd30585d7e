"""What the command line takes, and what it says to mistakes."""

import pytest

from realtime.arguments import parse


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("role ana moderator", {"command": "role", "user": "ana", "role": "moderator"}),
        ("admin ana", {"command": "admin", "user": "ana", "role": "admin"}),
        ("ban ana --days 7", {"command": "ban", "user": "ana", "days": 7, "until": None}),
        ("ban ana --reason spam", {"days": None, "until": None, "reason": "spam"}),
        ("unban ana", {"command": "unban", "user": "ana"}),
    ],
)
def test_a_command(given: str, means: dict[str, object]) -> None:
    assert means.items() <= vars(parse("", given.split())).items()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("role ana king", "invalid choice: 'king'"),
        ("role ana", "ROLE"),
        ("ban", "USER"),
        ("ban ana --days 0", "between 1 and 36500 days"),
        ("ban ana --days x", "--days"),
        ("ban ana --days 1 --until 2999-01-01", "not allowed with argument"),
        ("ban ana --until tomorrow", "--until"),
    ],
)
def test_a_mistake_is_named(given: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with 2, as mistakes on a command line do."""
    with pytest.raises(SystemExit) as ended:
        parse("", given.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
