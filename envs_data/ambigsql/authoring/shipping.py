"""A freight company: warehouses, carriers, shipments."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

PORTS = listed(
    "Ambleport|Bergshaven|Cala Nova|Drakemouth|Eastquay|Fjordby|Grimsund|Hafenrode|Île-Verte|Jadehook|Kilmarsh|"
    "Longwharf|Mossel Bay|Nieuwdijk|Osterholm|Port Élise|Quillhaven|Rookhope|Sandvik|Tidewell|Umberford|Vesterby|"
    "Wexcombe|漢口"
)
SHEDS = ("Depot", "Freight Park", "Sheds", "Terminal", "Store")
MOVERS = listed(
    "Albatross|Anvil|Arrow|Blue-Funnel|Caravel|Compass|Cormorant|Dray|£-Express|Falcon|Glacier|Heron|Ibex|"
    "Jetstream|Keystone|L’Étoile|Longhaul|Mammoth|Meridian|Nomad|Osprey|Pack-Mule|Polaris|Quickstep|Roadrunner|"
    "Sampan|Swift|Tern|Tortoise|Vagabond|Wayfarer|Zephyr"
)
FORMS = ("Cargo", "Freight", "Lines", "Logistics", "Transport")
COUNTRIES = ("Brazil", "Canada", "Ghana", "Italy", "Japan", "Norway", "Poland", "Vietnam")
BASE = {"air": 15, "rail": 5, "road": 9, "sea": 4}
TRANSIT = {"air": 9, "rail": 32, "road": 20, "sea": 80}


def warehouses(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(58, lambda: f"{draw.pick(PORTS)} {draw.pick(SHEDS)}"), 1):
        floor = draw.amount(4_800, 0.6, 50)
        staff = draw.count(31, 0.5, 4)
        rows.append(
            {
                "warehouse_id": number,
                "name": name,
                "zone": draw.pick(("coastal", "inland", "island"), 0.7),
                "floor_space": floor,
                "rack_space": stepped(floor * draw.factor(0.25, 1.3), 10),
                "day_shift": staff,
                "night_shift": max(2, round(staff * draw.factor(0.1, 0.8))),
                "built_on": draw.day("1978-01-01", "2019-04-30", 0.8),
            }
        )
    draw.blank(rows, rack_space=0.05, night_shift=0.07, built_on=0.03)
    return rows


def carriers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(46, lambda: f"{draw.pick(MOVERS)} {draw.pick(FORMS)}"), 1):
        mode = draw.pick(("road", "sea", "air", "rail"), 0.5)
        home = draw.pick(COUNTRIES, 0.3)
        rows.append(
            {
                "carrier_id": number,
                "name": name,
                "mode": mode,
                "home_country": home,
                "hub_country": draw.pick([c for c in COUNTRIES if c != home]) if draw.chance(0.88) else home,
                "base_tariff": draw.amount(BASE[mode], 0.35, 0.1),
                "fuel_tariff": draw.amount(2.6, 0.6, 0.1),
                "fleet_size": draw.count(90, 0.8, 3),
                "founded_on": draw.day("1931-01-01", "2016-12-31", 0.8),
            }
        )
    draw.blank(rows, fuel_tariff=0.04, fleet_size=0.06)
    return rows


def shipments(draw: Draw, warehouses: list[Row], carriers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 371):
        carrier = draw.pick(carriers, 0.7)
        gross = draw.amount(480, 0.9, 1)
        declared = draw.amount(9_500, 1.0, 50)
        picked = draw.day("2019-05-01", "2023-12-10", 0.8)
        rows.append(
            {
                "shipment_id": number,
                "warehouse_id": draw.pick(warehouses, 0.6)["warehouse_id"],
                "carrier_id": carrier["carrier_id"],
                "gross_weight": gross,
                "net_weight": round(gross * draw.factor(0.3, 0.97), 1),
                "declared_value": declared,
                "insured_value": stepped(declared * draw.factor(0.3, 1.3), 50),
                "pickup_date": picked,
                "arrival_date": draw.later(picked, 1, TRANSIT[carrier["mode"]]),
            }
        )
    draw.blank(rows, net_weight=0.04, insured_value=0.08, arrival_date=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    warehouse, carrier = warehouses(draw), carriers(draw)
    return {"warehouse": warehouse, "carrier": carrier, "shipment": shipments(draw, warehouse, carrier)}
