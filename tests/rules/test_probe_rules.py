"""What is known of probes: their passwords come of one secret, and a step is told in a line."""

from core.probes import NAMES, Done, Probes, password


def test_a_probe_signs_in_by_what_comes_of_the_secret() -> None:
    name = next(iter(NAMES))
    probes = Probes("a secret of at least thirty-two letters")
    theirs = password("a secret of at least thirty-two letters", name)
    assert probes.knows(name, theirs)
    assert probes.knows(name.upper(), theirs)
    assert not probes.knows(name, password("another secret", name))
    assert not probes.knows("somebody", theirs)
    assert not Probes("").knows(name, password("", name)), "without a secret there are none"


def test_a_step_is_a_line() -> None:
    assert Done(step="socket", seconds=0.0234).line() == "socket      0.023 s  ok"
    assert Done(step="media", seconds=4, wrong="no sound").line() == "media       4.000 s  FAILED: no sound"
