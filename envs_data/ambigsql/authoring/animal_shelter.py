"""An animal shelter: dogs and cats, the people who help them, and the walks with the dogs."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

MANNERS = listed("Captain|Doctor|Lady|Little|Miss|Mister|Old|Princess|Sir|Sleepy|Señor|Uncle")
CALLED = listed(
    "Acorn|Banjo|Biscuit|Café|Clementine|Dumpling|Fidget|Gherkin|Hopscotch|Indigo|Jellybean|Kiwi|Lentil|Marmalade|"
    "Mochi|Nutmeg|Olive|Paprika|Pepper|Pickle|Radish|Rhubarb|Sesame|Socks|Tofu|Truffle|Waffle|Zigzag|O’Malley|Étoile"
)
KEEPERS = ("Hana Ito", "Kaito Ito", "Leila Haddad", "Omar Haddad", "Fiona Weiss")
DISTRICTS = ("Riverside", "Old Town", "Brewery Hill", "Parklands")
ROUTES = {"Duck Pond": 2.2, "Mill Pond": 3.4, "Upper Meadow": 2.9, "Lower Meadow": 1.6, "Quarry Loop": 5.2}


def named(draw: Draw, how_many: int) -> list[str]:
    return draw.distinct(how_many, lambda: f"{draw.pick(MANNERS)} {draw.pick(CALLED)}")


def dogs(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        weight = draw.amount(16.5, 0.5, 0.5)
        rows.append(
            {
                "dog_id": number,
                "name": name,
                "keeper": draw.pick(KEEPERS, 0.3),
                "age": draw.count(5, 0.6, 1),
                "arrival_weight": weight,
                "current_weight": stepped(weight * draw.factor(0.8, 1.45), 0.5),
                "walk_count": 0,
                "distance_total": 0.0,
                "arrival_date": draw.day("2017-01-15", "2023-06-30", 0.8),
            }
        )
    return rows


def cats(draw: Draw, names: list[str], sponsors: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        found = draw.pick(DISTRICTS, 0.5)
        chip = draw.pick([d for d in DISTRICTS if d != found]) if draw.chance(0.86) else found
        dry = draw.amount(45, 0.3, 5)
        rows.append(
            {
                "cat_id": number,
                "sponsor_id": draw.pick(sponsors, 0.3)["sponsor_id"],
                "name": name,
                "rescue_district": found,
                "chip_district": chip,
                "age": draw.count(6, 0.6, 1),
                "dry_portion": dry,
                "wet_portion": stepped(draw.factor(0.6, 3.4) * dry, 10),
                "arrival_date": draw.day("2016-05-01", "2024-03-31", 0.7),
            }
        )
    draw.blank(rows, chip_district=0.07, age=0.05, wet_portion=0.03)
    return rows


def volunteers(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        weekday, signed = draw.count(34, 0.8, 1), draw.day("2015-03-01", "2022-12-31", 0.8)
        rows.append(
            {
                "volunteer_id": number,
                "name": name,
                "weekday_time": weekday,
                "weekend_time": max(1, round(weekday * draw.factor(0.1, 1.6))),
                "walk_count": 0,
                "signup_date": signed,
                "contact_date": draw.until(draw.later(signed, 14, 14), "2024-05-31", 0.4),
            }
        )
    return rows


def sponsors(draw: Draw, names: list[str], volunteers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        pledged, signed = draw.amount(180, 0.9, 10), draw.day("2012-01-10", "2023-12-20", 0.9)
        rows.append(
            {
                "sponsor_id": number,
                "volunteer_id": draw.pick(volunteers, 0.5)["volunteer_id"],
                "name": name,
                "pledged_gift": pledged,
                "paid_gift": stepped(pledged * draw.factor(0.2, 1.3), 5),
                "signup_date": signed,
                "contact_date": draw.until(draw.later(signed, 7, 7), "2024-05-31", 0.6),
            }
        )
    draw.blank(rows, paid_gift=0.04, contact_date=0.06)
    return rows


def walks(draw: Draw, dogs: list[Row], volunteers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_251):
        dog, volunteer = draw.pick(dogs, 0.4), draw.pick(volunteers, 0.5)
        route = draw.pick(tuple(ROUTES), 0.4)
        planned = draw.pick((45, 30, 60, 20, 90, 75), 0.5)
        rows.append(
            {
                "walk_id": number,
                "dog_id": dog["dog_id"],
                "volunteer_id": volunteer["volunteer_id"],
                "route": route,
                "planned_duration": planned,
                "actual_duration": max(8, round(planned * draw.factor(0.5, 1.6))),
                "distance": stepped(ROUTES[route] * draw.factor(0.6, 1.5), 0.25),
                "walked_on": draw.within(
                    "2017-03-01", "2024-04-30", dog["arrival_date"], volunteer["signup_date"], lean=0.7
                ),
            }
        )
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    pets, persons = named(draw, 212), people(draw, 164)
    volunteer = volunteers(draw, persons[:78])
    sponsor = sponsors(draw, persons[78:], volunteer)
    dog, cat = dogs(draw, pets[:96]), cats(draw, pets[96:], sponsor)
    walk = walks(draw, dog, volunteer)
    # The figures on record also hold walks that were noted on paper only.
    led, taken = Counter(row["volunteer_id"] for row in walk), Counter(row["dog_id"] for row in walk)
    for row in volunteer:
        row["walk_count"] = led[row["volunteer_id"]] + (0 if draw.chance(0.2) else draw.count(4, 0.8, 1))
    for row in dog:
        lost = 0 if draw.chance(0.15) else draw.count(3, 0.8, 1)
        went = sum(w["distance"] for w in walk if w["dog_id"] == row["dog_id"])
        row["walk_count"] = taken[row["dog_id"]] + lost
        row["distance_total"] = stepped(went + lost * draw.factor(1.5, 3.5), 0.25)
    draw.blank(dog, current_weight=0.05, distance_total=0.03)
    draw.blank(volunteer, weekend_time=0.05, contact_date=0.02, walk_count=0.03)
    draw.blank(walk, route=0.02, actual_duration=0.05, distance=0.04)
    return {"dog": dog, "cat": cat, "volunteer": volunteer, "sponsor": sponsor, "walk": walk}
