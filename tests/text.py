"""Redis answers bytes; its client's types allow for text as well."""


def text(value: bytes | str) -> str:
    """What was kept as UTF-8."""
    return value.decode() if isinstance(value, bytes) else value
