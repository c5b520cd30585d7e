"""Arrays as PostgreSQL reads them from text, for statements that many share: `$1::text::uuid[]`.

The driver looks at each element of an array whether it is an array itself, which costs more than all else
that it does for such a statement.
"""

from collections.abc import Iterable


def of_words(words: Iterable[str | None]) -> str:
    """Of what needs no quotes, as ids, times and names of ours."""
    return "{" + ",".join([word or "NULL" for word in words]) + "}"


def of_texts(texts: Iterable[str | None]) -> str:
    """Of anything that somebody has said."""
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in texts]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
