"""A farm cooperative: farms, their fields and orchards, and what these deliver to the depots."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

STEADS = listed(
    "Ashlea|Bracken|Burnt Oak|Cold Spring|Dunnock|Elderslie|Fallow|Gorse|Hartshorn|Heather|Hollin|Kite’s|La Prée|"
    "Larkrise|Mossgill|Nettle|Old Priory|Plover|Rookery|Stonechat|Thistle|Whitethorn|Yarrow"
)
FORMS = ("Barton", "Croft", "Farm", "Grange", "Hall")
OWNERS = listed(
    "Badger|Bishop’s|Church|Crow|Ducks’|Far|Gallows|Great|Hare|Home|Lower|Mare’s|Miller’s|Near|Pound|Ridge|Sandy|Tithe|"
    "Upper|Widow’s"
)
GROUNDS = ("Acre", "Bottom", "Close", "Furlong", "Headland", "Lea", "Piece", "Strip")
TREES = listed(
    "Blossom|Cuckoo|Damson|Dovecote|Hermit’s|Hive|Nun’s|Old Wall|Pear Tree|Pippin|Russet|Sundial|Vergé|Wasp’s"
)
STANDS = ("Garth", "Orchard", "Rows", "Terrace", "Walk")
DISTRICTS = ("Saltmarsh", "Vale", "Downs", "Fen")
SOILS = ("loam", "clay", "chalk", "peat")
CROPS = ("barley", "rye", "beans", "rapeseed", "oats")
DEPOTS = ("Abbey Barn", "Ferry Lane", "Abbey Mill", "Stow Cross")


def farms(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(57, lambda: f"{draw.pick(STEADS)} {draw.pick(FORMS)}"), 1):
        owned = draw.amount(128, 0.7, 1)
        joined = draw.day("1984-01-01", "2018-12-31", 0.9)
        rows.append(
            {
                "farm_id": number,
                "name": name,
                "district": draw.pick(DISTRICTS, 0.6),
                "owned_acreage": owned,
                "leased_acreage": draw.amount(74, 0.8, 1),
                "area_subsidy": stepped(owned * draw.factor(60, 140), 100),
                "organic_subsidy": draw.amount(6_200, 0.8, 100),
                "joining_date": joined,
                "certification_date": draw.until(joined, "2023-05-31", 0.8),
                "field_count": 0,
            }
        )
    return rows


def fields(draw: Draw, farms: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(132, lambda: f"{draw.pick(OWNERS)} {draw.pick(GROUNDS)}"), 1):
        spring = draw.pick(CROPS, 0.5)
        expected = draw.amount(44, 0.5, 0.5)
        rows.append(
            {
                "field_id": number,
                "name": name,
                "farm_id": draw.pick(farms, 0.4)["farm_id"],
                "soil": draw.pick(SOILS, 0.6),
                "spring_crop": spring,
                "autumn_crop": draw.pick([c for c in CROPS if c != spring], 0.4) if draw.chance(0.9) else spring,
                "expected_yield": expected,
                "actual_yield": stepped(expected * draw.factor(0.35, 1.4), 0.5),
                "delivery_count": 0,
            }
        )
    return rows


def orchards(draw: Draw, farms: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(56, lambda: f"{draw.pick(TREES)} {draw.pick(STANDS)}"), 1):
        rows.append(
            {
                "orchard_id": number,
                "name": name,
                "farm_id": draw.pick(farms, 0.7)["farm_id"],
                "soil": draw.pick(("clay", "chalk", "loam", "peat"), 0.8),
                "expected_yield": draw.amount(19, 0.5, 0.1),
                "crate_total": 0,
            }
        )
    return rows


def grain_deliveries(draw: Draw, fields: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_161):
        wet = draw.amount(11, 0.5, 0.1)
        rows.append(
            {
                "grain_delivery_id": number,
                "field_id": draw.pick(fields, 0.5)["field_id"],
                "depot": draw.pick(DEPOTS, 0.6),
                "delivered_on": draw.day("2019-06-20", "2023-10-05", 0.9),
                "wet_tonnage": wet,
                "dry_tonnage": stepped(wet * draw.factor(0.45, 0.97), 0.1),
                "handling_cost": draw.amount(58, 0.45, 1),
                "drying_cost": draw.amount(41, 0.7, 1),
            }
        )
    draw.blank(rows, depot=0.02, dry_tonnage=0.03, drying_cost=0.05)
    return rows


def fruit_deliveries(draw: Draw, orchards: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 681):
        rows.append(
            {
                "fruit_delivery_id": number,
                "orchard_id": draw.pick(orchards, 0.5)["orchard_id"],
                "depot": draw.pick(("Stow Cross", "Abbey Mill", "Ferry Lane", "Abbey Barn"), 0.6),
                "delivered_on": draw.day("2018-07-15", "2022-11-10", 1.1),
                "handling_cost": draw.amount(33, 0.5, 1),
                "crates": draw.count(26, 0.6, 1),
            }
        )
    draw.blank(rows, delivered_on=0.02, handling_cost=0.04, crates=0.03)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    farm = farms(draw)
    field, orchard = fields(draw, farm), orchards(draw, farm)
    grain, fruit = grain_deliveries(draw, field), fruit_deliveries(draw, orchard)
    crates: Counter = Counter()
    for delivery in fruit:
        crates[delivery["orchard_id"]] += delivery["crates"] or 0
    draw.record(farm, "field_count", "farm_id", Counter(row["farm_id"] for row in field), 1 - 0.1, 1 + 0.1, 4)
    draw.record(field, "delivery_count", "field_id", Counter(row["field_id"] for row in grain), 1 - 0.35, 1 + 0.35, 6)
    draw.record(orchard, "crate_total", "orchard_id", crates, 1 - 0.3, 1 + 0.3, 60)
    draw.blank(farm, leased_acreage=0.06, organic_subsidy=0.07, certification_date=0.05)
    draw.blank(field, autumn_crop=0.03, actual_yield=0.04, delivery_count=0.02)
    draw.blank(orchard, expected_yield=0.04, crate_total=0.04)
    return {
        "farm": farm,
        "field": field,
        "orchard": orchard,
        "grain_delivery": grain,
        "fruit_delivery": fruit,
    }
