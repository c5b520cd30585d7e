"""Names of files: shown and saved as they were, unless that would deceive or hurt somebody."""

import unicodedata

import pytest

from core.file_names import LONGEST, disposition, file_name


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Plan.pdf", "Plan.pdf"),
        ("Über uns, 2. Fassung (neu).docx", "Über uns, 2. Fassung (neu).docx"),
        ("計画.pdf", "計画.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ana\\Plan.pdf", "Plan.pdf"),
        ("  Plan \t of\r\n the week.pdf ", "Plan of the week.pdf"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("invoice_\u202efdp.exe", "invoice_fdp.exe"),
        ("\u2066a\u2069\u200e\u061c.txt", "a.txt"),
        ("pass\u200bword\ufeff.txt", "password.txt"),
        ("\u0645\u06cc\u200c\u062e.txt", "\u0645\u06cc\u200c\u062e.txt"),
        ("half\ud800.txt", "half.txt"),
        ("line\u2028break.txt", "linebreak.txt"),
        (".hidden", "hidden"),
        ("ends. . .", "ends"),
        ("e\u0301te\u0301.txt", "été.txt"),
    ],
)
def test_what_is_kept_of_a_name(said: str, kept: str) -> None:
    assert file_name(said) == kept


@pytest.mark.parametrize("said", [None, "", "/", "..", "...", "\u202e", "a/", " .- "])
def test_of_some_names_nothing_is_left(said: str | None) -> None:
    assert file_name(said) is None


def test_a_long_name_keeps_its_ending() -> None:
    """In letters and in bytes, and no letter is cut in two."""
    assert file_name("a" * 300 + ".pdf") == "a" * (LONGEST - 4) + ".pdf"
    wide = file_name("計" * 300 + ".pdf")
    assert wide == "計" * 83 + ".pdf"
    assert len(wide.encode()) <= 255
    assert file_name("a" * 300) == "a" * LONGEST
    assert file_name("a." + "b" * 300) == "a." + "b" * (LONGEST - 2)


def test_a_name_that_was_kept_stays_as_it_is() -> None:
    for said in (
        "x" * 199 + " .pdf",
        "..a..b.pdf",
        "\u200d" * 250 + "a.pdf",
        "a" + "\u200c" * 250 + "b.pdf",
        "é" * 400,
    ):
        kept = file_name(said)
        assert kept is not None
        assert file_name(kept) == kept
        assert unicodedata.is_normalized("NFC", kept)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (None, "attachment"),
        ("Plan.pdf", "attachment; filename=\"Plan.pdf\"; filename*=UTF-8''Plan.pdf"),
        ("Été.pdf", "attachment; filename=\"Ete.pdf\"; filename*=UTF-8''%C3%89t%C3%A9.pdf"),
        ("計画.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E8%A8%88%E7%94%BB.pdf"),
        (
            'a"; filename=evil\\.exe',
            'attachment; filename="a__ filename=evil_.exe";'
            " filename*=UTF-8''a%22%3B%20filename%3Devil%5C.exe",
        ),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("計", "attachment; filename=\"file\"; filename*=UTF-8''%E8%A8%88"),
    ],
)
def test_how_a_browser_is_told(name: str | None, header: str) -> None:
    """No name ends the header, or begins another part of it."""
    assert disposition(name) == header
    assert header.isascii()
