"""Seals: what was sealed opens with the same secret, for its owner, unchanged, and in no other way."""

from core.keys import Keyring
from core.seals import Sealed, Seals

ANA, BEN = "ana", "ben"


def seals(secret: str = "a secret of the operator", previous: str = "") -> Seals:
    return Seals(Keyring(secret, previous).keys("one-time codes"))


def test_what_was_sealed_opens() -> None:
    """And shows nothing of itself, not even that two are the same."""
    one, other = (seals().seal(b"JBSWY3DP", ANA) for _ in range(2))
    assert seals().open(one, ANA) == seals().open(other, ANA) == b"JBSWY3DP"
    assert b"JBSWY3DP" not in one.box
    assert one.box != other.box


def test_it_opens_for_nobody_else() -> None:
    """Another owner, another purpose, another secret, or something changed."""
    sealed = seals().seal(b"JBSWY3DP", ANA)
    assert seals().open(sealed, BEN) is None
    assert seals("another secret, long enough").open(sealed, ANA) is None
    assert Seals(Keyring("a secret of the operator").keys("access token")).open(sealed, ANA) is None
    for box in (sealed.box[:-1], sealed.box[:-1] + bytes([sealed.box[-1] ^ 1]), b"", b"short"):
        assert seals().open(Sealed(sealed.key_id, box), ANA) is None


def test_the_secret_can_be_changed() -> None:
    """What the previous one sealed still opens, and is known to be old."""
    before = seals().seal(b"JBSWY3DP", ANA)
    changed = seals("the next secret of the operator", "a secret of the operator")
    assert changed.open(before, ANA) == b"JBSWY3DP"
    assert changed.is_old(before)
    after = changed.seal(b"JBSWY3DP", ANA)
    assert not changed.is_old(after)
    assert seals().open(after, ANA) is None
