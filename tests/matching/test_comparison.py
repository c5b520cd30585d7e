"""Other weights on recorded decisions: whom they would have chosen."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from core.ticket import Market, MatchDecision
from matching.comparison import choose, summed, weighted
from matching.policy import Policy
from matching.recorder import Recorder
from tests.matching.people import T0, ticket
from tests.served import ROOT

NOBODY: frozenset[str] = frozenset()


def decided(policy: Policy, seed: int) -> MatchDecision:
    """As a search decides among forty."""
    chance = random.Random(seed)
    people = [
        ticket(
            joined_at=T0 - chance.randrange(20_000),
            age=chance.randint(20, 40),
            intent=chance.choice(("casual", "friends", "serious")),
            country=chance.choice(("DE", "FR")),
            values={"calm": chance.gauss(0, 1)},
        )
        for _ in range(40)
    ]
    reservation_values = policy.reservation_values()
    reservation_values.see(Market(arrivals=tuple(people)), T0)
    survey = policy.survey(people[0], people[1:], NOBODY, T0, reservation_values)
    best, *_ = survey.choices
    return Recorder(policy, 8).record("search", people[0], survey, best, avoid=(), taken=(), now=T0)


@pytest.fixture(scope="module")
def decisions() -> Sequence[MatchDecision]:
    return [decided(Policy(), seed) for seed in range(20)]


def test_the_policy_of_then_chooses_the_same(decisions: Sequence[MatchDecision]) -> None:
    chosen = [choose(each, Policy(), Policy()) for each in decisions]
    assert {each.verdict for each in chosen} == {"same"}
    winners = [each.contenders[0].score for each in decisions]
    assert [each.score for each in chosen] == pytest.approx(winners)
    assert [each.own for each in chosen] == pytest.approx(winners)


def test_what_counts_for_more_is_chosen_more(decisions: Sequence[MatchDecision]) -> None:
    """And the score by the weights of then is never better than that of the policy of then alone."""
    then = Policy()
    now = summed(choose(each, then, then) for each in decisions)
    age = summed(choose(each, weighted(then, {"age": 400}), then) for each in decisions)
    assert age.parts["age"] > now.parts["age"]
    assert age.shares["same"] < now.shares["same"] == 1
    assert sum(age.shares.values()) == pytest.approx(1)
    assert (now.decisions, age.decisions) == (20, 20)


def test_who_could_not_be_had_is_not_chosen(decisions: Sequence[MatchDecision]) -> None:
    first, *others = decisions[0].contenders
    gone = msgspec.structs.replace(first, fate="taken")
    won = msgspec.structs.replace(others[0], fate="won")
    decision = msgspec.structs.replace(decisions[0], contenders=(gone, won, *others[1:]))
    chosen = choose(decision, Policy(), Policy())
    assert chosen.verdict == "same"
    assert chosen.score == pytest.approx(won.score)


def test_nobody_is_chosen_who_is_worth_less_than_was_asked(decisions: Sequence[MatchDecision]) -> None:
    dear = [msgspec.structs.replace(each, asked=2.0) for each in decisions[0].contenders]
    decision = msgspec.structs.replace(decisions[0], contenders=tuple(dear))
    assert choose(decision, weighted(Policy(), {"age": 50}), Policy()).verdict == "asked"


def test_weights_that_say_nothing_are_refused() -> None:
    assert weighted(Policy(), {}).shares.values == pytest.approx(Policy().shares.values)
    with pytest.raises(KeyError, match="charm"):
        weighted(Policy(), {"charm": 1})
    for weights in ({"age": -1.0}, dict.fromkeys(Policy().shares.__struct_fields__, 0.0)):
        with pytest.raises(ValueError, match="0 or more"):
            weighted(Policy(), weights)


def test_a_recording_becomes_a_table(decisions: Sequence[MatchDecision], tmp_path: Path) -> None:
    """What another version has written is counted, and left out; a mistake is said in a sentence."""
    file = tmp_path / "decisions"
    bodies = [*map(msgspec.msgpack.encode, decisions), b"of another version"]
    file.write_bytes(msgspec.msgpack.encode(bodies))

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "bench.matching.replay", "--file", str(file), *words]
        return subprocess.run(
            command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
        )

    done = run("--weights", "country=400", "values=50,age=0")
    assert done.returncode == 0, done.stderr
    assert "21 decisions read, 1 of another version" in done.stderr
    _, _, *rows = done.stdout.splitlines()
    assert [row.split(" | ")[0] for row in rows] == ["| as decided", "| country=400", "| values=50,age=0"]
    assert rows[0].split(" | ")[1:4] == ["100.0 %", "0.0 %", "0.0 %"]
    wrong = run("--weights", "charm=1")
    assert (wrong.returncode, "charm" in wrong.stderr) == (2, True)
