"""What ratings come to. Pure."""


def mean(total: int, number: int) -> float | None:
    """The mean of `number` ratings whose sum is `total`, to two places; None of none.

    Exact: a half is rounded up, as people do and PostgreSQL's `round(avg(…), 2)`. That of floats goes to the
    even neighbour, and would say 2.62 of 21 / 8.
    """
    return (200 * total + number) // (2 * number) / 100 if number else None
