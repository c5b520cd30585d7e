"""Draws the call's state machine from its table: `python -m signaling.diagram` prints it as Mermaid."""

import sys

from signaling.call import State
from signaling.transitions import TRANSITIONS


def diagram() -> str:
    """A `stateDiagram-v2`. Messages that do not change the state are left out."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, message), move in TRANSITIONS.items():
        for target in move.to:
            if target is not state:
                arrows.setdefault((state, target), []).append(message.__name__.lower())
    lines = ["stateDiagram-v2", f"    [*] --> {State.OFFERED}"]
    lines += [
        f"    {a} --> {b}: {', '.join(sorted(arrows[a, b]))}"
        for a in State
        for b in State
        if (a, b) in arrows
    ]
    return "\n".join([*lines, f"    {State.CLOSED} --> [*]"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(diagram())
