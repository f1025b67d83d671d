"""A museum that lives on gifts: donors, works, exhibitions, lectures, and loans to other houses."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import FAMILY, people

FIGURES = listed(
    "Acrobat|Astronomer|Beekeeper|Boatman|Dancer|Drummer|Fisherman|Gardener|Girl|Juggler|Lacemaker|Merchant|Old Man|"
    "Potter|Saint|Scribe|Shepherd|Spinner|Traveller|Widow"
)
THINGS = listed(
    "Blue Jug|Candle|Copper Bowl|Fan|Folded Letter|Golden Mask|Heron|Lantern|Lute|Paper Crane|Parrot|Quince|Red Shawl|"
    "Rosé Glass|Scroll|Sleeping Cat|White Horse|漢 Seal"
)
MATTERS = listed(
    "Ash|Bronze|Cedar|Clay|Fire|Gold Leaf|Indigo|Ivory|Jade|Lace|Lacquer|Linen|Pearl|Salt|Silk|Stone|Velvet|Wax"
)
OPENINGS = (
    "A Short History of",
    "How to Look at",
    "Rethinking",
    "The Politics of",
    "The Secret of",
    "Who Made All This",
)
TOWNS = listed(
    "Aldenburg|Beaumarais|Castelmonte|Dornach Hill|Étangville|Falkenau|Grünwald|Isola Verde|Kestrel Bay|L’Escaut|"
    "Montclar|Nordhavn|Oakminster|Pietra|Saint-Rémy|Vallombre"
)
HOUSES = ("Art Library", "City Gallery", "Kunsthalle", "Museum", "Print Room")
CITIES = ("Antwerp", "Porto", "Kraków", "Genoa")
COUNTRIES = ("Japan", "Peru", "Egypt", "Ghana", "Iran")
ROOMS = ("Hartley Hall", "Marble Court", "Hartley Gallery", "Rotunda", "Marble Stairs")


def donors(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = people(draw, 44) + draw.distinct(
        14, lambda: f"{draw.pick(FAMILY)} {draw.pick(('Bequest', 'Family Trust', 'Foundation'))}"
    )
    for number, name in enumerate(draw.shuffled(names), 1):
        pledged = draw.amount(14_000, 1.0, 500)
        rows.append(
            {
                "donor_id": number,
                "name": name,
                "city": draw.pick(CITIES, 0.7),
                "joined_on": draw.day("1979-04-01", "2021-11-30", 0.7),
                "pledged_support": pledged,
                "received_support": stepped(pledged * draw.factor(0.15, 1.05), 250),
                "work_count": 0,
            }
        )
    return rows


def borrowers(draw: Draw) -> list[Row]:
    names = draw.distinct(52, lambda: f"{draw.pick(TOWNS)} {draw.pick(HOUSES)}")
    return [
        {
            "borrower_id": number,
            "name": name,
            "city": draw.pick(CITIES, 0.4),
            "joined_on": draw.day("1988-01-01", "2017-12-31", 0.9),
            "loan_count": 0,
        }
        for number, name in enumerate(names, 1)
    ]


def works(draw: Draw, donors: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, title in enumerate(draw.distinct(136, lambda: f"{draw.pick(FIGURES)} with {draw.pick(THINGS)}"), 1):
        maker = draw.pick(COUNTRIES, 0.5)
        market = draw.amount(32_000, 1.3, 500)
        rows.append(
            {
                "work_id": number,
                "title": title,
                "donor_id": draw.pick(donors, 0.6)["donor_id"],
                "maker_country": maker,
                "origin_country": draw.pick([c for c in COUNTRIES if c != maker], 0.3) if draw.chance(0.86) else maker,
                "market_valuation": market,
                "insurance_valuation": stepped(market * draw.factor(0.4, 1.5), 1000),
            }
        )
    draw.blank(rows, maker_country=0.03, origin_country=0.04, market_valuation=0.06)
    return rows


def exhibitions(draw: Draw, donors: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, title in enumerate(draw.distinct(54, lambda: " and ".join(draw.shuffled(MATTERS)[:2])), 1):
        expected = draw.count(9_000, 0.5) // 100 * 100
        staging = draw.amount(46_000, 0.6, 500)
        rows.append(
            {
                "exhibition_id": number,
                "title": title,
                "donor_id": draw.pick(donors, 0.9)["donor_id"],
                "room": draw.pick(ROOMS, 0.5),
                "expected_turnout": expected,
                "actual_turnout": round(expected * draw.factor(0.35, 1.7)),
                "staging_cost": staging,
                "promotion_cost": stepped(draw.amount(17_000, 0.7, 100) * (staging / 46_000) ** 0.4, 100),
                "lecture_count": 0,
            }
        )
    return rows


def lectures(draw: Draw, exhibitions: list[Row]) -> list[Row]:
    rows: list[Row] = []
    titles = draw.shuffled([f"{opening} {matter}" for opening in OPENINGS for matter in MATTERS])[:94]
    for number, title in enumerate(titles, 1):
        rows.append(
            {
                "lecture_id": number,
                "title": title,
                "exhibition_id": draw.pick(exhibitions, 0.4)["exhibition_id"],
                "room": draw.pick(draw.shuffled(ROOMS), 0.2) if draw.chance(0.7) else "Hartley Gallery",
                "staging_cost": draw.amount(850, 0.6, 10),
            }
        )
    draw.blank(rows, room=0.03, staging_cost=0.05)
    return rows


def loans(draw: Draw, works: list[Row], borrowers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 761):
        borrower = draw.pick(borrowers, 0.6)
        departed = draw.within("2006-01-01", "2022-12-20", borrower["joined_on"], lean=0.8)
        rows.append(
            {
                "loan_id": number,
                "work_id": draw.pick(works, 0.7)["work_id"],
                "borrower_id": borrower["borrower_id"],
                "departure_date": departed,
                "return_date": draw.later(departed, 40, 1_400, 2.2),
                "transit_premium": draw.amount(620, 0.8, 5),
                "display_premium": draw.amount(480, 0.9, 5),
            }
        )
    draw.blank(rows, return_date=0.06, transit_premium=0.02, display_premium=0.04)
    return rows


def record(draw: Draw, rows: list[Row], column: str, key: str, parts: list[Row], shifts: tuple[int, ...]) -> None:
    """Fills ``column`` with what the card index says: some parts are from before the data, others never entered."""
    counted = Counter(part[key] for part in parts)
    for row in rows:
        row[column] = max(0, counted[row[key]] + draw.pick(shifts))


def tables(draw: Draw) -> dict[str, list[Row]]:
    donor, borrower = donors(draw), borrowers(draw)
    work, exhibition = works(draw, donor), exhibitions(draw, donor)
    lecture, loan = lectures(draw, exhibition), loans(draw, work, borrower)
    record(draw, donor, "work_count", "donor_id", work, (1, 2, 0, 4, -1, 3))
    record(draw, borrower, "loan_count", "borrower_id", loan, (-4, 3, 7, -2, 12, 0, 18))
    record(draw, exhibition, "lecture_count", "exhibition_id", lecture, (1, 2, -1, 3, 0, 1))
    draw.blank(donor, pledged_support=0.04, work_count=0.05)
    draw.blank(borrower, joined_on=0.04, loan_count=0.04)
    draw.blank(exhibition, actual_turnout=0.05, promotion_cost=0.04)
    return {
        "donor": donor,
        "borrower": borrower,
        "work": work,
        "exhibition": exhibition,
        "lecture": lecture,
        "loan": loan,
    }
