"""Makes the few files that a browser loads out of the many of both pages: joined, compressed, named by
their content.

The source is in `realtime/page/`. esbuild joins it with the official client library, Leaflet and what draws
and reads QR codes, all from `node_modules`; the result is kept in memory.
"""

import base64
import gzip
import hashlib
import re
import subprocess
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from core.terms import AT_SIGN_UP
from core.vocabulary import ConsentKind
from realtime.ways import Ways

PAGE = Path(__file__).resolve().with_name("page")
MODULES = Path(__file__).resolve().parents[1] / "node_modules"

# Pages to read, and what one agrees to by them.
TEXTS: Mapping[str, ConsentKind] = {"rules": "terms", "privacy": "privacy"}
# In these languages, of which the first is for everybody who asks for none of them.
LANGUAGES: Mapping[str, str] = {"en": ".html", "de": ".de.html"}

# The pages that run, by their addresses: everybody's, and the moderators'.
PAGES: Mapping[str, str] = {"/": "index.html", "/admin/": "admin/index.html"}

_LANGUAGES = ("words/de.js", "words/de-inside.js")  # beside English, which is in the others
_MAP = ("map.js", "map.css")
_CODES = "qr.js"
_SIGNED_IN = ("inside.js", "inside.css")
_ENTRIES = (
    *("socket.js", *_MAP, _CODES, *_SIGNED_IN, *_LANGUAGES),
    *("main.js", "page.css", "admin/admin.js", "admin/admin.css"),
)
# Others load them by their names, and none of them one that comes after it.
_FIRST = ("socket.js", *_MAP, _CODES, *_SIGNED_IN, "de.js", "de-inside.js")
# As they are; the last one names the others.
_STILL = ("icon.svg", "icon-192.png", "icon-512.png", "mask-512.png", "touch.png", "app.webmanifest")
_WORKER = "sw.js"
_NEEDED = ("socket.io-client", "leaflet", "qr")
_OPTIONS = (
    *("--bundle", "--minify", "--sourcemap", "--format=esm", "--target=es2022", "--log-level=error"),
    "--loader:.png=dataurl",  # Leaflet's few small ones
)
_FLAT = "--entry-names=[name]"  # wherever an entry comes from, it is loaded from /page/
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".map": "application/json",
}
_LIMIT_S = 60


class NotInstalled(Exception):
    """The page is not installed: run `make page`."""


class Asset(Struct, frozen=True):
    """A file of the page as it is sent; `digest` is of its bytes before they are compressed, if they are."""

    content_type: str
    plain: bytes
    packed: bytes | None
    digest: str


class RunningPage(Struct, frozen=True):
    """A page with the scripts in itself, as a Content-Security-Policy names them: by their digests."""

    asset: Asset
    scripts: tuple[str, ...]


class Bundle(Struct, frozen=True):
    """The pages, by their addresses, and the files that they load by names that change with them
    (`main-1f2e3d4c5b6a.js`).

    `texts` are pages to read, by their names in the address and their language: they have no scripts. The
    `worker` opens the page without a network.
    """

    pages: dict[str, RunningPage]
    texts: dict[tuple[str, str], Asset]
    files: dict[str, Asset]
    worker: Asset

    def current(self, name: str) -> Asset | None:
        """This version's file for a name that another version of the page uses."""
        stem = _without_digest(name)
        return next((asset for own, asset in self.files.items() if _without_digest(own) == stem), None)


def newest() -> int:
    """When the source was last changed, in ns."""
    return max(path.stat().st_mtime_ns for path in PAGE.rglob("*"))


def bundle(ways: Ways) -> Bundle:
    """The page made of its present source. Blocks for some 50 ms. Raises `NotInstalled`."""
    files: dict[str, Asset] = {}
    names: dict[str, str] = {}
    for name, content in (*_built(), *((name, (PAGE / name).read_bytes()) for name in _STILL)):
        asset = _asset(name, content if _is_packed(name) else _named(content.decode(), names).encode())
        stem, dot, ending = name.partition(".")
        named = name if name.endswith(".map") else f"{stem}-{asset.digest}{dot}{ending}"
        files[named] = asset
        if named != name:
            names[name] = named
    pages = {address: _running(page, names, ways) for address, page in PAGES.items()}
    texts = {
        (text, language): _asset(
            text + ending, _linked(text + ending, names).replace("{version}", AT_SIGN_UP[kind]).encode()
        )
        for text, kind in TEXTS.items()
        for language, ending in LANGUAGES.items()
    }
    return Bundle(pages, texts, files, _asset(_WORKER, (PAGE / _WORKER).read_bytes()))


def _running(page: str, names: Mapping[str, str], ways: Ways) -> RunningPage:
    html = _linked(page, names).replace("{ways}", escape(msgspec.json.encode(ways).decode()))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    return RunningPage(_asset(page, html.encode()), tuple(map(_source_of, scripts)))


def _linked(page: str, names: Mapping[str, str]) -> str:
    """A page that loads the files by the names that they have now."""
    return _named((PAGE / page).read_text(), names)


def _named(content: str, names: Mapping[str, str]) -> str:
    for name, named in names.items():
        content = content.replace(f"/page/{name}", f"/page/{named}")
    return content


def _built() -> Iterator[tuple[str, bytes]]:
    """The joined files, each with a source map for the browser's debugger."""
    with TemporaryDirectory() as folder:
        entries = [str(PAGE / name) for name in _ENTRIES]
        subprocess.run(  # noqa: S603 - a program and arguments of our own
            [_esbuild(), *entries, *_OPTIONS, _FLAT, f"--outdir={folder}"], check=True, timeout=_LIMIT_S
        )
        built = {path.name: path for path in sorted(Path(folder).iterdir())}
        for path in ({name: built[name] for name in _FIRST} | built).values():
            yield path.name, path.read_bytes()


def _esbuild() -> Path:
    """The program itself, from the one package that npm chose for this machine: it runs without Node."""
    if not all((MODULES / name).is_dir() for name in _NEEDED):
        raise NotInstalled(NotInstalled.__doc__)
    for pattern in ("@esbuild/*/bin/esbuild", "@esbuild/*/esbuild.exe"):
        for path in MODULES.glob(pattern):
            return path
    raise NotInstalled(NotInstalled.__doc__)


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:12]
    packed = None if _is_packed(name) else gzip.compress(content, 9, mtime=0)
    return Asset(_TYPES[Path(name).suffix], content, packed, digest)


def _is_packed(name: str) -> bool:
    """Whether its bytes are compressed already, and no text."""
    return name.endswith(".png")


def _source_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _without_digest(name: str) -> str:
    return re.sub(r"-[0-9a-f]{12}(?=\.)", "", name)
