"""Which types a client can read, as its `Accept` says (RFC 9110, 12.5.1). Pure."""


def accepts(header: str, media: str) -> bool:
    """Whether it names this type itself, and does not rule it out: `*/*` tells nothing of what one reads."""
    for part in header.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        if name == media:
            return not any(each.startswith("q=") and not each.strip("q=0. ") for each in parameters)
    return False
