"""Pictures of the town, drawn here: a face for everybody, a scene for each post, a room for each place."""

import math
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from demo.plan.chance import chance

FACE, SCENE = 256, (720, 540)
_SKINS = ("#f6d7c3", "#eec1a0", "#d9a077", "#b97c52", "#8c5a3a", "#5f3b26")
_HAIRS = ("#1f1a17", "#3b2a20", "#6b4a2f", "#a9743a", "#d9b46b", "#8c3b2a", "#555555", "#d8d3cc")
_CLOTHES = ("#2f6f73", "#b5533c", "#44598f", "#7a4b74", "#c28f2c", "#3f7a4e", "#454b57", "#a8456a")
_GROUNDS = ("#dfeee9", "#f5e6d3", "#e3e7f5", "#f3dfe4", "#ece9d8", "#d9e8f0", "#e8f0da")
_SKIES = (("#f9d7b0", "#f4a7a0"), ("#cfe6f7", "#8fbfe6"), ("#2c3e63", "#7a6f9b"), ("#fbe9c6", "#9fd0c0"))
_EARTHS = ("#4f7f5a", "#6d8f4e", "#3f6b70", "#8b7d5a", "#5c6f8f")


def face(seed: int, number: int, gender: str) -> bytes:
    """The portrait of somebody, as JPEG."""
    by = chance(seed, "face", number)
    side = FACE
    image = Image.new("RGB", (side, side), by.choice(_GROUNDS))
    pen = ImageDraw.Draw(image)
    _shapes(pen, side, by)
    skin, hair, clothes = by.choice(_SKINS), by.choice(_HAIRS), by.choice(_CLOTHES)
    middle, wide, tall = side / 2, by.uniform(0.20, 0.235) * side, by.uniform(0.25, 0.28) * side
    top = side * 0.45
    long_hair = (gender == "female" and by.random() < 0.75) or by.random() < 0.1
    if long_hair:
        _oval(pen, middle, top + tall * 0.25, wide * 1.35, tall * by.uniform(1.25, 1.6), hair)
    _oval(pen, middle, side * 1.05, side * 0.40, side * 0.30, clothes)
    pen.rectangle((middle - wide * 0.42, top + tall * 0.5, middle + wide * 0.42, side * 0.82), fill=skin)
    _oval(pen, middle, side * 0.82, wide * 0.42, side * 0.04, skin)
    for way in (-1, 1):
        _oval(pen, middle + way * wide, top + tall * 0.1, wide * 0.16, tall * 0.2, skin)
    _oval(pen, middle, top - tall * 0.25, wide * 1.12, tall * 0.95, hair)
    _oval(pen, middle, top + tall * 0.08, wide, tall, skin)
    _fringe(pen, middle, top, wide, tall, hair, by)
    _features(pen, middle, top, wide, tall, hair, by, beard=gender == "male" and by.random() < 0.4)
    return _jpeg(image.filter(ImageFilter.SMOOTH))


def scene(seed: int, *about: object) -> bytes:
    """A landscape or a table, as JPEG."""
    by = chance(seed, "scene", *about)
    image = _sky(by.choice(_SKIES))
    pen = ImageDraw.Draw(image)
    draw = by.choice((_hills, _hills, _town, _cup, _sea))
    draw(pen, by)
    return _jpeg(image.filter(ImageFilter.SMOOTH))


def room(seed: int, number: int) -> bytes:
    """The inside of a place, as JPEG."""
    by = chance(seed, "room", number)
    wide, tall = SCENE
    image = Image.new("RGB", SCENE, by.choice(_GROUNDS))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, tall * 0.68, wide, tall), fill=by.choice(("#b98d62", "#8f6b4d", "#a3a39a", "#c9a77c")))
    for at in range(3):
        left = wide * (0.08 + at * 0.31)
        pen.rectangle((left, 70, left + 190, 300), fill="#fffdf5", outline="#7d7265", width=8)
        pen.rectangle((left + 8, 180, left + 182, 292), fill=by.choice(("#cfe6f7", "#d6ead0", "#f6e3c0")))
        pen.line((left + 95, 70, left + 95, 300), fill="#7d7265", width=6)
    for at in range(by.randrange(2, 4)):
        left, colour = 90 + at * 240 + by.randrange(40), by.choice(_CLOTHES)
        pen.rounded_rectangle((left, 380, left + 150, 400), 8, fill="#5a4636")
        pen.rectangle((left + 68, 400, left + 82, 520), fill="#5a4636")
        pen.rounded_rectangle((left - 60, 400, left - 10, 520), 12, fill=colour)
        _oval(pen, left + 60, 372, 14, 10, "#ffffff")
    for at in (60, wide - 60):
        pen.polygon(((at - 26, 470), (at + 26, 470), (at + 18, 560), (at - 18, 560)), fill="#a5583b")
        for way in range(-3, 4):
            pen.line((at, 470, at + way * 16, 360 + abs(way) * 14), fill="#3f7a4e", width=10)
    return _jpeg(image.filter(ImageFilter.SMOOTH))


def _shapes(pen: ImageDraw.ImageDraw, side: int, by: Random) -> None:
    for _ in range(by.randrange(2, 5)):
        reach = by.uniform(0.08, 0.3) * side
        _oval(pen, by.uniform(0, side), by.uniform(0, side), reach, reach, by.choice(_GROUNDS))


def _fringe(
    pen: ImageDraw.ImageDraw, middle: float, top: float, wide: float, tall: float, hair: str, by: Random
) -> None:
    kind, line = by.randrange(4), top - tall * 0.45
    if kind == 0:
        pen.pieslice((middle - wide, top - tall, middle + wide, line + tall * 0.4), 180, 360, fill=hair)
    elif kind == 1:
        _oval(pen, middle - wide * 0.35, line - tall * 0.2, wide * 0.75, tall * 0.28, hair)
    elif kind == 2:
        for way in (-0.6, -0.2, 0.2, 0.6):
            _oval(pen, middle + way * wide, line - tall * 0.22, wide * 0.32, tall * 0.26, hair)
    else:
        _oval(pen, middle, line - tall * 0.28, wide * 0.9, tall * 0.2, hair)


def _features(
    pen: ImageDraw.ImageDraw,
    middle: float,
    top: float,
    wide: float,
    tall: float,
    hair: str,
    by: Random,
    *,
    beard: bool,
) -> None:
    eyes, dark = top + tall * 0.02, "#2b2320"
    if beard:
        pen.pieslice(
            (middle - wide * 0.82, top + tall * 0.2, middle + wide * 0.82, top + tall * 1.1),
            0,
            180,
            fill=hair,
        )
    glasses = by.random() < 0.25
    for way in (-1, 1):
        x = middle + way * wide * 0.42
        _oval(pen, x, eyes, wide * 0.11, tall * 0.07, dark)
        _oval(pen, x + wide * 0.03, eyes - tall * 0.025, wide * 0.03, tall * 0.02, "#ffffff")
        pen.line((x - wide * 0.2, eyes - tall * 0.2, x + wide * 0.2, eyes - tall * 0.22), fill=hair, width=5)
        if glasses:
            pen.ellipse(
                (x - wide * 0.3, eyes - tall * 0.2, x + wide * 0.3, eyes + tall * 0.2), outline=dark, width=4
            )
    if glasses:
        pen.line((middle - wide * 0.12, eyes, middle + wide * 0.12, eyes), fill=dark, width=4)
    pen.arc(
        (middle - wide * 0.1, eyes + tall * 0.1, middle + wide * 0.14, eyes + tall * 0.38),
        20,
        150,
        fill="#8a5a44",
        width=4,
    )
    smile = by.uniform(0.2, 0.34)
    box = (middle - wide * smile * 1.3, top + tall * 0.34, middle + wide * smile * 1.3, top + tall * 0.68)
    if by.random() < 0.5:
        pen.chord(box, 15, 165, fill="#ffffff", outline="#8f3f3f")
    else:
        pen.arc(box, 15, 165, fill="#8f3f3f", width=6)


def _sky(colours: tuple[str, str]) -> Image.Image:
    """From one colour above to another below."""
    above, below = Image.new("RGB", SCENE, colours[0]), Image.new("RGB", SCENE, colours[1])
    return Image.composite(below, above, Image.linear_gradient("L").resize(SCENE))


def _hills(pen: ImageDraw.ImageDraw, by: Random) -> None:
    wide, tall = SCENE
    sun = by.uniform(30, 70)
    _oval(pen, by.uniform(120, wide - 120), by.uniform(90, 230), sun, sun, "#fff6dc")
    for layer in range(4):
        base, high, long = tall * (0.5 + layer * 0.13), by.uniform(20, 70), by.uniform(120, 260)
        turn = by.uniform(0, 6)
        line = [(x, base + high * math.sin(x / long + turn)) for x in range(0, wide + 20, 20)]
        pen.polygon([(0, tall), *line, (wide, tall)], fill=by.choice(_EARTHS))
    for _ in range(by.randrange(4, 12)):
        x, y, size = by.uniform(0, wide), by.uniform(tall * 0.72, tall * 0.95), by.uniform(14, 40)
        pen.rectangle((x - 3, y, x + 3, y + size), fill="#4a372a")
        _oval(pen, x, y - size * 0.4, size * 0.6, size, "#2f5a3f")


def _town(pen: ImageDraw.ImageDraw, by: Random) -> None:
    wide, tall = SCENE
    x = -20.0
    while x < wide:
        across, high, colour = by.uniform(60, 130), by.uniform(160, 400), by.choice(_CLOTHES)
        pen.rectangle((x, tall - high, x + across, tall), fill=colour)
        for row in range(int(high // 50)):
            for column in range(int(across // 34)):
                left, above = x + 10 + column * 34, tall - high + 16 + row * 50
                lit = by.choice(("#ffe9a8", "#3a4150", "#ffe9a8", "#55606f"))
                pen.rectangle((left, above, left + 16, above + 24), fill=lit)
        x += across + by.uniform(0, 10)


def _cup(pen: ImageDraw.ImageDraw, by: Random) -> None:
    wide, tall = SCENE
    pen.rectangle((0, tall * 0.55, wide, tall), fill=by.choice(("#b98d62", "#8f6b4d", "#c9a77c")))
    x, y, colour = wide * by.uniform(0.35, 0.65), tall * 0.62, by.choice(("#ffffff", "#e9eef2", *_CLOTHES))
    _oval(pen, x, y + 120, 200, 34, "#f3ede3")
    pen.ellipse((x + 80, y - 40, x + 190, y + 60), outline=colour, width=22)
    pen.rounded_rectangle((x - 130, y - 80, x + 130, y + 110), 60, fill=colour)
    _oval(pen, x, y - 78, 130, 34, colour)
    _oval(pen, x, y - 78, 112, 26, "#5a3a26")
    _oval(pen, x, y - 80, 46, 12, "#e8cfae")
    for way in (-40, 10, 55):
        pen.arc((x + way - 24, y - 240, x + way + 24, y - 130), 90, 270, fill="#ffffff", width=6)


def _sea(pen: ImageDraw.ImageDraw, by: Random) -> None:
    wide, tall = SCENE
    _oval(pen, by.uniform(150, wide - 150), tall * 0.34, 60, 60, "#fff2d0")
    for layer in range(6):
        level = tall * (0.5 + layer * 0.08)
        pen.rectangle(
            (0, level, wide, tall),
            fill=("#4f8fb5", "#447fa6", "#3a7198", "#316389", "#29557a", "#e3cfa0")[layer],
        )
    for _ in range(by.randrange(1, 4)):
        x, y = by.uniform(80, wide - 80), tall * by.uniform(0.52, 0.66)
        pen.polygon(((x - 40, y), (x + 40, y), (x + 26, y + 18), (x - 26, y + 18)), fill="#7a3d2a")
        pen.polygon(((x, y - 70), (x, y - 4), (x + 34, y - 4)), fill="#fdfaf2")


def _oval(pen: ImageDraw.ImageDraw, x: float, y: float, across: float, down: float, fill: str) -> None:
    pen.ellipse((x - across, y - down, x + across, y + down), fill=fill)


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
