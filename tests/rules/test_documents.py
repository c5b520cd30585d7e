"""What is derived from the code is what is committed, and what the documents name exists."""

import builtins
import re
from collections.abc import Iterator
from pathlib import Path

from core import data_table
from core.settings_table import table
from signaling.diagram import diagram
from tests.sizes import written

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
PACKAGES = "bench|composition|core|db|matching|outside|realtime|rest|services|signaling|tests"
A_FILE = re.compile(
    rf"[\w-][\w./-]*\.(?:py|sql|lua|md|js|mjs|css|html)|(?:[\w-]+/)+|(?:{PACKAGES})(?:/[\w.-]+)+"
)
A_CLASS = re.compile(r"([A-Z]\w*[a-z]\w*)(?:\.(\w+))?(?:\(.*\))?")
A_MODULE = re.compile(rf"(?:{PACKAGES})(?:\.\w+)+")
# Not classes of ours: a folder of Caddy's, headers, a value that somebody holds dear, a file, others' names.
FOREIGN = {"pki/authorities/local/", "Authorization", "ETag", "Host", "Origin", "Honesty", "Dockerfile"}
FOREIGN |= {"Any", "AsyncRedisManager", "InterfaceError", "Intl", "Protocol", "RTCPeerConnection"}


def test_the_drawing_of_the_call_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}```" in (DOCS / "calls.md").read_text()


def test_the_settings_page_is_the_settings() -> None:
    """Make it anew with `python -m realtime settings > docs/settings.md`."""
    assert (DOCS / "settings.md").read_text() == table()


def test_the_page_about_data_is_the_registry() -> None:
    """Make it anew with `python -m realtime data > docs/data.md`."""
    assert (DOCS / "data.md").read_text() == data_table.table()


def test_each_file_that_a_document_names_exists() -> None:
    """In backticks, by its path or the end of it, as `gateway/` or `emit.lua`; and each linked page."""
    paths = [path.relative_to(PROJECT) for path in written(PROJECT)]
    there = {f"/{path}/" for file in paths for path in (file, *file.parents)}
    missing = [
        f"{page}: {name}"
        for page, name in _named()
        if A_FILE.fullmatch(name)
        and not (PROJECT / name).exists()
        and not any(path.endswith(f"/{name.rstrip('/')}/") for path in there)
    ]
    links = [
        f"{page.relative_to(PROJECT)}: {link}"
        for page in _pages()
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert (missing, links) == ([], [])


def test_each_class_and_module_that_a_document_names_exists() -> None:
    """In backticks: `EligibilityStore`, `EligibilityStore.avoid`, `rest.http.paging.page`."""
    code = "\n".join(path.read_text() for path in written(PROJECT) if path.suffix == ".py")
    classes = dict(re.findall(r"^class (\w+)\b(.*?)(?=^\S)", code, re.DOTALL | re.MULTILINE))
    missing = []
    for page, name in _named():
        if found := A_CLASS.fullmatch(name):
            owner, part = found.groups()
            known = hasattr(builtins, owner) or (owner in classes and _defines(classes[owner], part or ""))
        elif A_MODULE.fullmatch(name) and not A_FILE.fullmatch(name):
            known = _is_there(name)
        else:
            continue
        if not known:
            missing.append(f"{page}: {name}")
    assert missing == []


def _pages() -> Iterator[Path]:
    yield PROJECT / "README.md"
    yield from sorted(DOCS.rglob("*.md"))


def _named() -> Iterator[tuple[str, str]]:
    """What stands in backticks, with its page. The pages for clients name what is in other languages."""
    for page in _pages():
        if page.parent.name != "clients":
            prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
            for name in re.findall(r"`([^`\n]+)`", prose):
                if name not in FOREIGN:
                    yield str(page.relative_to(PROJECT)), name


def _defines(code: str, name: str) -> bool:
    return re.search(rf"(?:def |class |^|\s){name}\b", code, re.MULTILINE) is not None


def _is_there(dotted: str) -> bool:
    """A module or package, or what a module defines."""
    path = PROJECT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    module = path.parent.with_suffix(".py")
    return module.exists() and _defines(module.read_text(), path.name)
