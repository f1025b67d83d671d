"""Small cinemas that share a card: films, cinemas, members, ushers, tickets, snack orders."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

MOODS = listed(
    "Borrowed|Crooked|Electric|Four Hundred|Honest|Invisible|Midnight|Naïve|Paper|Perfectly Good|Runaway|Second-Hand|"
    "Seven|Unwritten|Velvet"
)
HEROES = listed(
    "Accordions|Astronauts|Burglars|Cartographers|Cousins|Detectives|Elephants|Fiancés|Goodbyes|Lighthouses|Mothers|"
    "Neighbours|Pirates|Ponies|Saxophones|Sundays|Understudies|Weddings|漢字"
)
HOUSES = listed(
    "Aurochs|Bijou|Chandelier|Firefly|Gondola|Juno’s|Kaleidoscope|Lumière Bleue|Magpie|Meteor|Nickel|Palm|Peacock|"
    "Periscope|Scala Nova|Silver Reel|Starling|Velour"
)
FORMS = ("Cinema", "Palace", "Picture House", "Playhouse", "Screens")
COUNTRIES = ("Korea", "India", "Brazil", "Norway", "Italy")
TOWNS = ("Ashby Quay", "Lowmoor", "Ashby Green", "Tarnwick")
COUNTERS = ("box office", "website", "kiosk", "bar")


def films(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, title in enumerate(draw.distinct(98, lambda: f"{draw.pick(MOODS)} {draw.pick(HEROES)}"), 1):
        studio = draw.pick(COUNTRIES, 0.5)
        length = round(draw.normal(109, 16))
        domestic = draw.amount(620_000, 1.1, 1_000)
        rows.append(
            {
                "film_id": number,
                "title": title,
                "studio_country": studio,
                "shooting_country": draw.pick([c for c in COUNTRIES if c != studio]) if draw.chance(0.87) else studio,
                "theatrical_length": length,
                "uncut_length": length + draw.count(9, 0.9, 1),
                "domestic_gross": domestic,
                "foreign_gross": stepped(draw.amount(380_000, 1.4, 1_000) * (domestic / 620_000) ** 0.3, 1_000),
                "ticket_count": 0,
            }
        )
    return rows


def cinemas(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(54, lambda: f"{draw.pick(HOUSES)} {draw.pick(FORMS)}"), 1):
        rows.append(
            {
                "cinema_id": number,
                "name": name,
                "building_upkeep": draw.amount(21_000, 0.6, 250),
                "equipment_upkeep": draw.amount(13_500, 0.7, 250),
                "snack_count": 0,
            }
        )
    return rows


def crowd(draw: Draw, how_many: int, taken: set[str]) -> list[str]:
    return [name for name in people(draw, how_many + len(taken)) if name not in taken][:how_many]


def members(draw: Draw) -> list[Row]:
    return [
        {
            "member_id": number,
            "name": name,
            "town": draw.pick(TOWNS, 0.5),
            "joined_on": draw.day("2009-03-01", "2022-09-30", 0.7),
            "ticket_count": 0,
        }
        for number, name in enumerate(people(draw, 124), 1)
    ]


def ushers(draw: Draw, cinemas: list[Row], taken: set[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(crowd(draw, 84, taken), 1):
        rows.append(
            {
                "usher_id": number,
                "name": name,
                "cinema_id": draw.pick(cinemas, 0.3)["cinema_id"],
                "town": draw.pick(("Tarnwick", "Ashby Green", "Lowmoor", "Ashby Quay"), 0.5),
                "joined_on": draw.day("2003-01-01", "2023-06-30", 0.5),
            }
        )
    draw.blank(rows, town=0.04, joined_on=0.05)
    return rows


def tickets(draw: Draw, films: list[Row], cinemas: list[Row], members: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_581):
        member = draw.pick(members, 0.6)
        paid = draw.within("2019-06-01", "2023-09-30", member["joined_on"], lean=0.9)
        rows.append(
            {
                "ticket_id": number,
                "film_id": draw.pick(films, 0.7)["film_id"],
                "cinema_id": draw.pick(cinemas, 0.6)["cinema_id"],
                "member_id": member["member_id"],
                "counter": draw.pick(COUNTERS, 0.9),
                "voucher_rebate": draw.amount(2.2, 0.6, 0.25),
                "member_rebate": draw.amount(1.4, 0.7, 0.25),
                "paying_date": paid,
                "showing_date": draw.later(paid, 1, 90, 2.5),
            }
        )
    draw.blank(rows, counter=0.02, voucher_rebate=0.03, showing_date=0.03)
    return rows


def snack_orders(draw: Draw, cinemas: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 721):
        rows.append(
            {
                "snack_order_id": number,
                "cinema_id": draw.pick(cinemas, 0.6)["cinema_id"],
                "counter": draw.pick(("kiosk", "bar", "website", "box office"), 1.1),
                "drink_spend": draw.amount(5.2, 0.6, 0.1),
                "food_spend": draw.amount(6.8, 0.7, 0.1),
                "voucher_rebate": draw.amount(1.1, 0.6, 0.1),
                "paying_date": draw.day("2019-04-01", "2023-11-30", 0.8),
            }
        )
    draw.blank(rows, drink_spend=0.04, food_spend=0.03, voucher_rebate=0.06)
    return rows


def carry_over(draw: Draw, rows: list[Row], column: str, key: str, parts: list[Row], spread: float) -> None:
    """Fills ``column`` with what the old till program had counted, which is off by some either way."""
    counted = Counter(part[key] for part in parts)
    for row in rows:
        row[column] = max(0, round(counted[row[key]] * draw.factor(1 - spread, 1 + spread)) + draw.between(-2, 5))


def tables(draw: Draw) -> dict[str, list[Row]]:
    film, cinema, member = films(draw), cinemas(draw), members(draw)
    usher = ushers(draw, cinema, {row["name"] for row in member})
    ticket, snack = tickets(draw, film, cinema, member), snack_orders(draw, cinema)
    carry_over(draw, film, "ticket_count", "film_id", ticket, 0.4)
    carry_over(draw, member, "ticket_count", "member_id", ticket, 0.3)
    carry_over(draw, cinema, "snack_count", "cinema_id", snack, 0.35)
    draw.blank(film, shooting_country=0.04, uncut_length=0.05, foreign_gross=0.04)
    draw.blank(cinema, equipment_upkeep=0.06, snack_count=0.04)
    draw.blank(member, town=0.03)
    return {
        "film": film,
        "cinema": cinema,
        "member": member,
        "usher": usher,
        "ticket": ticket,
        "snack_order": snack,
    }
