"""An estate agency: houses to buy, flats to rent, the clients, and the viewings."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

TOWNS = ("Larkhill", "Penmoor", "Saltby", "Vérigny")
STREETS = listed(
    "Abbey Road|Badger Lane|Bishop’s Walk|Cowslip Drive|Damson Close|Elder Avenue|Foundry Street|Gable Row|"
    "Heron Crescent|Ivy Terrace|Jubilee Road|Kiln Lane|Lock Street|Magnolia Way|Nightingale Hill|Orchid Street|"
    "Parson’s Green|Rectory Lane|Rue de l’Église|Sparrow Court|Thistle Bank|Vicar’s Mead"
)
AGENTS = ("Benedikt Bauer", "Greta Bauer", "Ines Silva", "Ruben Silva", "Zoë Park")


def addresses(draw: Draw, how_many: int) -> list[str]:
    return draw.distinct(how_many, lambda: f"{draw.between(1, 88)} {draw.pick(STREETS)}")


def houses(draw: Draw, known: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, address in enumerate(known, 1):
        rooms = draw.pick((3, 4, 2, 5, 6, 7), 0.6)
        living = stepped(rooms * draw.factor(26, 52), 5)
        bank = stepped(living * draw.amount(2_900, 0.3), 5_000)
        rows.append(
            {
                "house_id": number,
                "address": address,
                "bedrooms": rooms,
                "living_size": living,
                "garden_size": draw.amount(310, 0.8, 10),
                "tax_appraisal": stepped(bank * draw.factor(0.4, 1.05), 1_000),
                "bank_appraisal": bank,
                "viewing_count": 0,
                "listed_on": draw.day("2017-02-01", "2023-08-31", 0.6),
            }
        )
    return rows


def flats(draw: Draw, houses: list[Row]) -> list[Row]:
    rows: list[Row] = []
    doors = [(house, f"{house['address']}, flat {door}") for house in houses for door in "ABC"]
    for number, (house, address) in enumerate(draw.shuffled(doors)[:90], 1):
        rooms = draw.pick((2, 1, 3, 4), 0.5)
        rent = stepped(rooms**0.6 * draw.amount(620, 0.25), 10)
        rows.append(
            {
                "flat_id": number,
                "house_id": house["house_id"],
                "address": address,
                "bedrooms": rooms,
                "basic_rent": rent,
                "full_rent": stepped(rent * draw.factor(1.08, 1.75), 5),
                "listed_on": draw.day("2018-01-10", "2024-03-31", 0.7),
            }
        )
    draw.blank(rows, bedrooms=0.03, full_rent=0.06)
    return rows


def buyers(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        home = draw.pick(TOWNS, 0.4)
        stated = draw.amount(390_000, 0.4, 10_000)
        rows.append(
            {
                "buyer_id": number,
                "name": name,
                "present_town": home,
                "desired_town": draw.pick([t for t in TOWNS if t != home]) if draw.chance(0.85) else home,
                "members": draw.pick((2, 4, 3, 1, 5, 6), 0.6),
                "stated_budget": stated,
                "approved_budget": stepped(stated * draw.factor(0.5, 1.25), 5_000),
                "viewing_count": 0,
                "travel_total": 0.0,
                "registered_on": draw.day("2017-01-05", "2023-09-30", 0.7),
            }
        )
    return rows


def tenants(draw: Draw, names: list[str], flats: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        flat = draw.pick(flats)
        rows.append(
            {
                "tenant_id": number,
                "flat_id": flat["flat_id"],
                "name": name,
                "members": draw.pick((1, 2, 3, 4, 5), 0.8),
                "registered_on": draw.day("2018-02-01", "2024-04-20", 0.8),
            }
        )
    draw.blank(rows, members=0.04)
    return rows


def viewings(draw: Draw, houses: list[Row], buyers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 921):
        house, buyer = draw.pick(houses, 0.35), draw.pick(buyers, 0.4)
        offer = stepped(house["bank_appraisal"] * draw.factor(0.55, 1.05), 2_500)
        asked = draw.within("2017-03-01", "2024-03-31", house["listed_on"], buyer["registered_on"], lean=1.3)
        rows.append(
            {
                "viewing_id": number,
                "house_id": house["house_id"],
                "buyer_id": buyer["buyer_id"],
                "agent": draw.pick(AGENTS, 0.3),
                "opening_offer": offer,
                "closing_offer": stepped(offer * draw.factor(0.92, 1.22), 2_500),
                "travel_cost": draw.amount(14, 0.7, 0.5),
                "request_date": asked,
                "visit_date": draw.later(asked, 1, 60, 1.7),
            }
        )
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    places, persons = addresses(draw, 94), people(draw, 172)
    house = houses(draw, places)
    flat = flats(draw, house)
    buyer, tenant = buyers(draw, persons[:92]), tenants(draw, persons[92:], flat)
    viewing = viewings(draw, house, buyer)
    # The figures on record go back to paper diaries, of which only some were typed in.
    shown, seen = Counter(row["house_id"] for row in viewing), Counter(row["buyer_id"] for row in viewing)
    for row in house:
        row["viewing_count"] = shown[row["house_id"]] + (0 if draw.chance(0.2) else draw.count(2.2, 0.7, 1))
    for row in buyer:
        extra = 0 if draw.chance(0.2) else draw.count(1.9, 0.7, 1)
        spent = sum(v["travel_cost"] for v in viewing if v["buyer_id"] == row["buyer_id"])
        row["viewing_count"] = seen[row["buyer_id"]] + extra
        row["travel_total"] = stepped(spent + extra * draw.amount(14, 0.5), 0.5)
    draw.blank(house, garden_size=0.06, tax_appraisal=0.04, viewing_count=0.02)
    draw.blank(buyer, desired_town=0.06, approved_budget=0.08, travel_total=0.02)
    draw.blank(viewing, agent=0.02, closing_offer=0.07, visit_date=0.04)
    return {"house": house, "flat": flat, "buyer": buyer, "tenant": tenant, "viewing": viewing}
