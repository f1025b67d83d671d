from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.text.numbers import MOST_NUMBERS, agree, find, parse


@pytest.mark.parametrize(
    ("text", "value", "unit", "decimals"),
    [
        ("$1,496.5 million", "1496.5", "million", 1),
        ("$ 64,798", "64798", None, 0),
        ("13,442,871", "13442871", None, 0),
        (".5", "0.5", None, 1),
        ("+5", "5", None, 0),
        ("−298", "-298", None, 0),
        ("–5%", "-5", "percent", 0),
        ("-$5", "-5", None, 0),
        ("$-5", "-5", None, 0),
        ("- 5", "-5", None, 0),
        ("(1.9)", "-1.9", None, 1),
        ("$(1.9)", "-1.9", None, 1),
        ("($1.9)", "-1.9", None, 1),
        ("(1.9)%", "-1.9", "percent", 1),
        ("(1.9%)", "-1.9", "percent", 1),
        ("(1.9) million", "-1.9", "million", 1),
        ("(-1.9)", "-1.9", None, 1),
        ("£(8.1m)", "-8.1", "million", 1),
        ("(2019)", "2019", None, 0),
        ("(2,019)", "-2019", None, 0),
        ("29 per cent", "29", "percent", 0),
        ("29 percentage points", "29", "percent", 0),
        ("29pct", None, None, 0),
        ("29 pct", "29", "percent", 0),
        ("5k", "5", "thousand", 0),
        ("5K", "5", "thousand", 0),
        ("5 k", None, None, 0),
        ("5mn", "5", "million", 0),
        ("5 mn", "5", "million", 0),
        ("5b", "5", "billion", 0),
        ("5 b", None, None, 0),
        ("5bn", "5", "billion", 0),
        ("5 Billion", "5", "billion", 0),
        ("5-million", "5", "million", 0),
        ("5 millions", "5", "million", 0),
        ("5 millionaires", None, None, 0),
        ("5 (million)", "5", "million", 0),
        ("US$261,518", "261518", None, 0),
        ("S$1.75 billion", "1.75", "billion", 2),
        ("RMB77 million", "77", "million", 0),
        ("INR19", "19", None, 0),
        ("€1.3 billion", "1.3", "billion", 1),
        ("¥5", "5", None, 0),
        ("₹5", "5", None, 0),
        ("`70.07", "70.07", None, 2),
        ("445.0p", "445.0", None, 1),
        ("2019", "2019", None, 0),
        ("FY2019", "2019", None, 0),
        ("Twelve.", "12", None, 0),
        ("zero", "0", None, 0),
        ("thirteen", None, None, 0),
        ("four inputs", None, None, 0),
        ("five six", None, None, 0),
        ("Q4", None, None, 0),
        ("3rd", None, None, 0),
        ("1.2.3", None, None, 0),
        ("5kg", None, None, 0),
        ("1 2", None, None, 0),
        ("٣", None, None, 0),
        ("NaN", None, None, 0),
        ("9" * 25, None, None, 0),
        ("", None, None, 0),
    ],
)
def test_parse(text: str, value: str | None, unit: str | None, decimals: int) -> None:
    number = parse(text)
    if value is None:
        assert number is None
    else:
        assert (number.value, number.unit, number.decimals) == (Decimal(value), unit, decimals)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2019-2018", "2019 2018"),
        ("2017–2019", "2017 2019"),
        ("5%-6%", "5 6"),
        ("2019, 2018 and 2017", "2019 2018 2017"),
        ("2019,2018", "2019 2018"),
        ("from 5 to -6.", "5 -6"),
        ("in 2019 ($5 million)", "2019 5"),
        ("in 2019, (64) million", "2019 -64"),
        ("in 2019, $(64) million", "2019 -64"),
        ("it was (5%)", "5"),
        ("four (4)", "4"),
        ("five (4)", "-4"),
        ("assets(1)", "1"),
        ("(1) a, (2) b of $(5)", "-5"),
        ("(1) of $5", "-1 5"),
        ("(5 apples)", "5"),
        ("COVID-19", "19"),
        ("v1.2.3 of 4", "4"),
        ("a loss of - 5", "5"),
    ],
)
def test_find(text: str, values: str) -> None:
    assert [str(number.value) for number in find(text)] == values.split()


def test_a_scale_stated_once_holds_for_all_but_dates_and_percentages() -> None:
    units = [number.unit for number in find("In 2019 (in thousands): 5, 6 million and 7%")]
    assert units == [None, "thousand", "million", "percent"]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("January 1, 2018", [True, True]),
        ("27 May 2019", [True, True]),
        ("Dec. 31", [True]),
        ("may 5 million", [False]),
        ("1,999", [False]),
        ("$2019", [False]),
        ("2019 million", [False]),
        ("in 2019, 31 days", [True, False]),
    ],
)
def test_dates(text: str, dates: list[bool]) -> None:
    assert [number.date for number in find(text)] == dates


def test_a_number_holds_its_decoration() -> None:
    text = "a loss of $(9.8) million in May"
    (number,) = find(text)
    assert text[number.start : number.end] == "$(9.8) million"


def test_only_so_many_numbers() -> None:
    assert len(find("1 " * 500)) == MOST_NUMBERS


@pytest.mark.parametrize(
    ("got", "gold", "scale", "expected"),
    [
        ("12.6 million", "12.6", "million", True),
        ("12.6", "12.6 million", "", True),
        ("12.6 million", "12.6", "", False),
        ("0.0126 billion", "12.6", "million", True),
        ("12,600,000", "12.6", "million", True),
        ("126", "12.6", "million", False),
        ("500", "0.5", "thousand", False),
        ("0.126", "12.6", "percent", True),
        ("12.6%", "0.126", "", True),
        ("12.6%", "12.6", "million", False),
        ("1.58", "158", "percent", True),
        ("12.604", "12.6", "", True),
        ("12.606", "12.6", "", False),
        ("1,497", "1,496.5", "", True),
        ("1,500", "1,496.5", "", False),
        ("1.50 billion", "1,496.5", "million", True),
        ("1.5 billion", "1,496.5", "million", False),
        ("0.125", "0.1254", "", True),
        ("0.13", "0.1254", "", False),
    ],
)
def test_agree(got: str, gold: str, scale: str, expected: bool) -> None:
    assert agree(parse(got), parse(gold), scale) is expected


def test_agree_unsigned() -> None:
    assert agree(parse("5"), parse("-5"), unsigned=True) and not agree(parse("5"), parse("-5"))
    assert not agree(parse("-5"), parse("5"), unsigned=True)


@given(st.text() | st.text("0123456789.,-−($)% kmb", max_size=40))
def test_any_text_is_read(text: str) -> None:
    found = find(text)
    assert all(0 <= number.start < number.end <= len(text) for number in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(agree(number, number, scale) for number in found for scale in ("", "percent", "million"))


@given(st.decimals(-(10**12), 10**12, places=3))
def test_every_way_to_write_a_number(value: Decimal) -> None:
    size = f"{abs(value):,}"
    ways = (
        [size] if value >= 0 else [f"-{size}", f"−{size}", f"({size})", f"$({size})", f"-${size}", f"({size}) million"]
    )
    assert all(parse(way).value == value for way in ways)
