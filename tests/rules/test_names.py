# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Names: what is one in any script, and what hides, turns, shows nothing or speaks for the operator."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.names import readable, reserved


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Zoë",
        "Zoe\u0308",
        "名前",
        "محمد",
        "אבי",
        "می\u200cخواهم",  # Persian: the two halves are not joined
        "श्री",
        "क्\u200dष",  # Hindi: half a letter
        "র\u200d্যাব",  # Bengali: before the virama
        "ශ්\u200dරී",  # Sinhala
        "👩\u200d💻 Ana",
        "👩🏽\u200d❤️\u200d👨🏻",
        "🏳️\u200d🌈",
        "🩷",
        "\U0001fae9",  # of Unicode 16
        "葛\U000e0100",  # a variant of a Chinese character
        "?",
        "O'Neill-Śmith, 3rd",
    ],
)
def test_a_name(name: str) -> None:
    assert readable(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u00a0",
        "\u3164",  # Hangul filler: a letter that is blank
        "\u115f\u1160",
        "\uffa0",
        "\u2800",  # Braille without dots
        "\u0301",  # a mark that stands on nothing
        "\ufe0f",
        "Ana\u3164",
        "A\u200bna",  # zero-width space
        "A\u200dna",  # joins nothing in Latin
        "A\u200cna",
        "Ana\u200d",
        "\u200dAna",
        "👩\u200d",
        "👩\u200dAna",
        "Ana\u202egro.live",  # the rest from right to left
        "\u2066Ana",
        "Ana\u200f",
        "Ana\u2028Ben",
        "Ana\u2029Ben",
        "Ana\nBen",
        "Ana\0",
        "A\u00adna",  # soft hyphen
        "Ana\u034f",
        "Ana \ufe0f",
        "Ana\ue000",  # a private letter
        "Ana\ud800",
        "Ana\u0378",  # nothing yet
        "Ana\U000e0041",  # a hidden letter
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert not readable(name)


@given(text=st.text(max_size=12))
def test_a_name_has_nothing_that_hides(text: str) -> None:
    """But joiners, which have something to do there."""
    if readable(text):
        hidden = {unicodedata.category(c) for c in text if c not in "\u200c\u200d"}
        assert not hidden & {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}
        assert text.strip()


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "Admin",
        "ADMINISTRATOR",
        "ａｄｍｉｎ",
        "аdmin",  # Cyrillic
        "αdmιn",  # Greek
        "ádmïn",
        "4dm1n",
        "adm!n",
        "admln",
        "a.d-m_i n",
        "_admin_",
        "admin42",
        "Support 24/7",
        "Official",
        "m0derat0r",
        "system",
        "ΑDΜΙΝ",  # Greek capitals
        "ᴀᴅᴍɪɴ",
        "🅰dmin",
        "🅐🅓🅜🅘🅝",
        "🇦🇩🇲🇮🇳",
        "ɑdmin",
        "ađmin",
        "ꓮdmin",  # Lisu
        "ᎪᎠᎷᏆN",  # Cherokee
        "adrnin",
        "АДМИН",
        "The Admin",
        "Official Admin",
        "1 admin team",
        "Realtime Connect Support",
    ],
)
def test_who_would_speak_for_the_operator(name: str) -> None:
    assert reserved(name)


@pytest.mark.parametrize(
    "name",
    [
        "badminton",
        "Ana",
        "supporter",
        "Roots",
        "ana_b",
        "42",
        "",
        "Администра",
        "Adminka",
        "Đorđe",
        "The Team",
        "Ана 7",
        "연",
    ],
)
def test_who_does_not(name: str) -> None:
    assert not reserved(name)
