"""No module of ours needs itself in a roundabout way: also not for types alone, nor inside a function."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ROOMS = (
    "core", "signaling", "matching", "db", "services", "realtime", "rest", "outside", "composition",
    "demo", "tests", "bench",
)  # fmt: skip

Imports = Mapping[str, Set[str]]


def modules(folder: Path, rooms: tuple[str, ...]) -> dict[str, Path]:
    """Each module by its name."""
    files = (file for room in rooms for file in (folder / room).rglob("*.py"))
    named = ((".".join(file.relative_to(folder).with_suffix("").parts), file) for file in files)
    return {name.removesuffix(".__init__"): file for name, file in named}


def imported(name: str, file: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Wherever in the file it stands: a module, and what is taken from it."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in _statements(ast.parse(file.read_text()).body):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join((*above, *(node.module or "").split("."))).strip(".")
            yield source, tuple(alias.name for alias in node.names)


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All of them, and those within. An import is in no expression, of which there are ten times as many."""
    for node in body:
        yield node
        for within in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, within, ()))


def imports_of(folder: Path, rooms: tuple[str, ...]) -> Imports:
    """Which of our modules each of them imports: `from package import module` is an import of the module."""
    known = modules(folder, rooms)
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, file in known.items():
        for source, taken in imported(name, file):
            ours = {f"{source}.{one}" for one in taken} & known.keys()
            whole = () if taken and len(ours) == len(taken) else (source,)
            found[name] |= {*ours, *whole} & known.keys() - {name}
    return found


def circles(imports: Imports) -> list[list[str]]:
    """The modules that reach themselves, those of a circle together."""
    reach = {name: _reached(name, imports) for name in imports}
    rings = {frozenset(o for o in reach[name] if name in reach[o]) for name in imports if name in reach[name]}
    return sorted(sorted(ring) for ring in rings)


def _reached(start: str, imports: Imports) -> set[str]:
    reached: set[str] = set()
    ahead = set(imports[start])
    while ahead:
        reached |= ahead
        ahead = {further for name in ahead for further in imports[name]} - reached
    return reached


def test_no_imports_form_a_circle() -> None:
    assert not circles(imports_of(PROJECT, ROOMS))


def test_a_circle_is_found_however_it_is_hidden(tmp_path: Path) -> None:
    """For types alone, in a function, relative, and through a package."""
    room = tmp_path / "core"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "a.py").write_text("from .b import x\n")
    (room / "b.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import c\n")
    (room / "c.py").write_text("def f():\n    import core.a\n")
    (room / "d.py").write_text("from core import a, e\n")
    (room / "e.py").write_text("import core.a\n")
    assert circles(imports_of(tmp_path, ("core",))) == [["core.a", "core.b", "core.c"]]
