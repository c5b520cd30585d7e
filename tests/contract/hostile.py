"""Messages of 60 KB that mean harm, as JSON: wide, deep, long, and a permitted field filled to the brim."""

BYTES = 60_000
ID = '"0190a000-0000-7000-8000-000000000000"'


def _filled(head: str, item: str, tail: str) -> str:
    """`item` between `head` and `tail` as often as there is room for, separated by commas."""
    count = (BYTES - len(head) - len(tail)) // (len(item) + 1)
    return head + ",".join([item] * count) + tail


def _nested(head: str, inner: str, tail: str) -> str:
    """Never closed where that would double it: it is refused before the end."""
    return head + inner * ((BYTES - len(head)) // len(inner)) + tail


SHAPES = {
    "a long name of a wide array": _filled(f'{{"{"A" * (BYTES // 3)}":[', "0", "]}"),
    "a long name of many objects": _filled(f'{{"{"A" * (BYTES // 3)}":[', '{"a":0}', "]}"),
    "many names": "{" + ",".join(f'"n{number}":0' for number in range(BYTES // 10)) + "}",
    "a wide array": _filled("[", "0", "]"),
    "a wide array where a text belongs": _filled('{"token":[', "0", '],"login":[]}'),
    "many empty objects": _filled('{"values":[', "{}", "]}"),
    "many values": _filled('{"values":[', '{"category":"a","name":"b","strength":1}', "]}"),
    "many ids": _filled('{"user_ids":[', ID, "]}"),
    "deep arrays": _nested('{"login":', "[", ""),
    "deep objects": _nested('{"a":', '{"a":', ""),
    "deep arrays, closed": "[" * 900 + "]" * 900,
    "a huge number": _nested('{"values":[{"strength":', "9", "}]}"),
    "a long text": '{"login":"' + "A" * BYTES + '"}',
    "a long text of escapes": '{"login":"x","password":"' + "\\u0000" * (BYTES // 6) + '"}',
    "a text that cannot be kept": f'{{"room_id":{ID},"client_id":"c","content":"' + "\\u0000" * 4000 + '"}',
    "a text of line ends": f'{{"room_id":{ID},"client_id":"c","content":"' + "\\n" * (BYTES // 2) + '"}',
    "a name of quotes": '{"' + "` - at `$." * (BYTES // 10) + '":0}',
}
