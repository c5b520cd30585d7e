"""What is said when a town is there."""

from collections.abc import Sequence

from demo.filling.filler import Filled
from demo.plan.people import Part, Person

_PARTS: dict[Part, str] = {
    "guest": "somebody like you: friends, posts, a journey, a wallet, chats, sessions",
    "mentor": "a mentor, with hours and sessions",
    "barista": "staff of three partners, who redeem rewards",
    "moderator": "a moderator, at {url}/admin/",
    "admin": "an admin, there too",
}


def there(filled: Filled, url: str, everybody: Sequence[Person], word: str, bots: Sequence[Person]) -> str:
    """Where it is, and as whom to look at it."""
    town = filled.town
    new = "is there" if filled.new else "is there already"
    lines = [
        "",
        f"The town {new}: {url}  ({town.people:,} people, {town.places:,} places, seed {town.seed})",
        *(f"  {declined} happened {times} times" for declined, times in filled.declined.items()),
        f"Sign in with the password  {word}  as",
        *(
            f"  {person.username:<12} {_PARTS[person.part].format(url=url)}"
            for person in everybody
            if person.part
        ),
    ]
    if bots:
        names = ", ".join(person.display_name for person in bots)
        lines.append(f"In the queue {names} wait for you; they are bots. Ctrl-C sends them home.")
    lines.append("`.venv/bin/python -m realtime demo --stop` takes the town away.")
    return "\n".join(lines)
