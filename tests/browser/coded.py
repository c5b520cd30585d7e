"""What comes of somebody's camera and microphone at the other end, and which addresses were told there."""

import re
from pathlib import Path

from tests.browser.person import Visitor, eventually

CODED = Path(__file__).with_name("coded.js").read_text()
_REMOTE = "document.querySelector('#remote')"
_CANDIDATE = re.compile(
    r"^a=candidate:\S+ \d \S+ \d+ (\S+) (\d+) typ (\S+)(?: raddr (\S+) rport (\S+))?", re.MULTILINE
)
_CANDIDATES = """async () => {
  const report = [...((await realtimeConnect.stats())?.values() ?? [])];
  const candidates = report.filter(({ type }) => /^(local|remote)-candidate$/.test(type));
  return candidates.map(({ type, candidateType, address, ip, relatedAddress }) =>
    [type, candidateType, address ?? ip ?? "", relatedAddress ?? ""]);
}"""
_PAIR = """async () => {
  const report = await realtimeConnect.stats();
  const at = [...(report?.values() ?? [])].find((entry) => entry.selectedCandidatePairId);
  const pair = report?.get(at?.selectedCandidatePairId);
  const ids = pair ? [pair.localCandidateId, pair.remoteCandidateId] : [];
  return ids.map((id) => report.get(id)?.candidateType);
}"""


async def code(person: Visitor, pitch: int) -> None:
    """From the next load of the page on, this is what they show and sound like."""
    await person.page.add_init_script(f"{CODED}({pitch})")
    await person.page.reload()


async def sees_and_hears(person: Visitor, other: Visitor, pitch: int) -> None:
    """A picture that the other has made since this was asked, and the other's tone."""
    since: int = await other.page.evaluate("coded.sent")

    async def seen() -> bool:
        number: int = await person.page.evaluate(f"coded.seen({_REMOTE})")
        newest: int = await other.page.evaluate("coded.sent")
        return since < number <= newest

    async def heard() -> bool:
        heard: float = await person.page.evaluate(f"coded.heard({_REMOTE})")
        return bool(abs(heard - pitch) < 12)

    await eventually(seen, f"{person.name} sees no picture of {other.name} after number {since}")
    await eventually(heard, f"{person.name} does not hear {pitch} Hz")


async def signal(person: Visitor, candidate: str) -> None:
    """Tell the other side a candidate that the page would not, as a client that somebody has changed."""
    await person.page.evaluate("(candidate) => coded.signal(candidate)", candidate)


async def told(person: Visitor) -> list[tuple[str, ...]]:
    """Address, port, kind, related address and port of each candidate of the other side that came.

    For the newest connection of the call.
    """
    texts: list[str] = await person.page.evaluate("coded.told")
    return [found.groups() for text in texts for found in _CANDIDATE.finditer(text)]


async def known(person: Visitor) -> set[tuple[str, str, str, str]]:
    """What `getStats` knows: local or remote, the kind of candidate, its address and the related one."""
    return {tuple(each) for each in await person.page.evaluate(_CANDIDATES)}


async def goes_by(person: Visitor, kind: str) -> None:
    """The media takes candidates of this kind on both sides; the other's may be known by its packets only."""

    async def taken() -> bool:
        pair: list[str] = await person.page.evaluate(_PAIR)
        return pair[:1] == [kind] and pair[1] in (kind, "prflx")

    await eventually(taken, f"{person.name}'s media does not go by {kind}")
