"""The page about settings, `docs/settings.md`: `python -m realtime settings` prints it."""

from typing import get_args, get_type_hints

import msgspec
from msgspec import Meta

from core.environment import IN_DEVELOPMENT
from core.limits_table import limits
from core.settings import Settings

_PREFACE = """# Settings

Environment variables, or lines of a `.env` file, which the environment overrules. All mistakes are reported
at once at the start. This page is printed by `python -m realtime settings`.
"""


def table() -> str:
    """All settings as a Markdown table: name, default, allowed words, sentence. Then the rate limits."""
    rows = [_PREFACE, "| setting | default | meaning |", "|---|---|---|"]
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        kind = get_args(hints[field.name])
        sentence = next(m.description for m in reversed(kind) if isinstance(m, Meta) and m.description)
        words = get_args(kind[0])
        choices = f" One of {', '.join(f'`{w}`' for w in words)}." if words else ""
        default = f"`{field.default}`"
        if field.name in IN_DEVELOPMENT:
            default += f"; in development `{IN_DEVELOPMENT[field.name]}`"
        rows.append(f"| `{field.name.upper()}` | {default} | {sentence}{choices} |")
    return "\n".join(rows) + "\n" + limits()
