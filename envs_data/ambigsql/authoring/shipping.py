"""A freight company: warehouses, carriers, clients, shipments, transfers out of a warehouse."""

from __future__ import annotations

from collections import Counter

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
HOUSES = listed(
    "Almond|Basalt|Brightwell|Cassia|Dunmore|Elderflower|Fennimore|Garnet|Holt & Søn|Ivory|Juniper|Kestner|Lark’s|"
    "Maréchal|Northgate|Oakum|Pebble|Quince|Redfern|Sorrel|Thistle|Ulmer|Verbena|Wickham"
)
TRADES = {
    "chemicals": ("Paints", "Resins", "Solvents"),
    "food retail": ("Grocers", "Larder", "Markets"),
    "food service": ("Bistros", "Catering", "Kitchens"),
    "machinery": ("Presses", "Pumps", "Tools"),
    "textiles": ("Knitwear", "Linens", "Weavers"),
}
COUNTRIES = ("Brazil", "Canada", "Ghana", "Japan", "Norway", "Poland")
BASE = {"air": 15, "deep sea": 3.5, "rail": 5, "road": 9, "short sea": 5.5}
TRANSIT = {"air": 9, "deep sea": 90, "rail": 32, "road": 20, "short sea": 40}
VOLUME = {"chemicals": 620, "food retail": 380, "food service": 240, "machinery": 900, "textiles": 450}


def warehouses(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(60, lambda: f"{draw.pick(PORTS)} {draw.pick(SHEDS)}"), 1):
        floor = draw.amount(4_800, 0.6, 50)
        staff = draw.count(31, 0.5, 4)
        rows.append(
            {
                "warehouse_id": number,
                "name": name,
                "zone": draw.pick(("outer harbour", "inland", "inner harbour"), 0.5),
                "floor_space": floor,
                "rack_space": stepped(floor * draw.factor(0.25, 1.3), 10),
                "day_crew": staff,
                "night_crew": max(2, round(staff * draw.factor(0.1, 0.8))),
            }
        )
    draw.blank(rows, rack_space=0.05, night_crew=0.07)
    return rows


def carriers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(56, lambda: f"{draw.pick(MOVERS)} {draw.pick(FORMS)}"), 1):
        mode = draw.pick(("road", "deep sea", "short sea", "air", "rail"), 0.4)
        rows.append(
            {
                "carrier_id": number,
                "name": name,
                "mode": mode,
                "home_country": draw.pick(COUNTRIES, 0.3),
                "base_tariff": draw.amount(BASE[mode], 0.35, 0.1),
                "fuel_tariff": draw.amount(2.6, 0.6, 0.1),
                "fleet_size": draw.count(90, 0.8, 3),
                "founded_on": draw.day("1931-01-01", "2016-12-31", 0.8),
            }
        )
    draw.blank(rows, fuel_tariff=0.04, fleet_size=0.06)
    return rows


def clients(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    firms = [(sector, f"{house} {trade}") for sector, trades in TRADES.items() for trade in trades for house in HOUSES]
    for number, (sector, name) in enumerate(draw.shuffled(firms)[:110], 1):
        rows.append(
            {
                "client_id": number,
                "name": name,
                "sector": sector,
                "home_country": draw.pick(COUNTRIES[::-1], 0.4),
                "founded_on": draw.day("1952-01-01", "2018-06-30", 0.7),
            }
        )
    draw.blank(rows, sector=0.03, founded_on=0.05)
    return rows


def shipments(draw: Draw, warehouses: list[Row], carriers: list[Row], clients: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2201):
        carrier, client = draw.pick(carriers, 0.7), draw.pick(clients, 0.6)
        gross = draw.amount(VOLUME[client["sector"] or "machinery"], 0.9, 1)
        origin = draw.pick(COUNTRIES, 0.7)
        picked = draw.day("2019-05-01", "2023-09-30", 0.8)
        rows.append(
            {
                "shipment_id": number,
                "warehouse_id": draw.pick(warehouses, 0.6)["warehouse_id"],
                "carrier_id": carrier["carrier_id"],
                "client_id": client["client_id"],
                "origin_country": origin,
                "destination_country": origin if draw.chance(0.04) else draw.pick(COUNTRIES[::-1], 0.5),
                "gross_weight": gross,
                "net_weight": round(gross * draw.factor(0.3, 0.97), 1),
                "pickup_date": picked,
                "arrival_date": draw.later(picked, 1, TRANSIT[carrier["mode"]]),
            }
        )
    draw.blank(rows, net_weight=0.04, destination_country=0.02, arrival_date=0.05)
    return rows


def transfers(draw: Draw, warehouses: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 521):
        declared = draw.amount(9_500, 1.0, 50)
        picked = draw.day("2020-02-01", "2023-12-15")
        rows.append(
            {
                "transfer_id": number,
                "warehouse_id": draw.pick(warehouses, 0.8)["warehouse_id"],
                "gross_weight": draw.amount(1_300, 0.7, 10),
                "declared_value": declared,
                "insured_value": stepped(declared * draw.factor(0.3, 1.3), 50),
                "pickup_date": picked,
                "arrival_date": draw.later(picked, 0, 12, 1.5),
            }
        )
    draw.blank(rows, insured_value=0.08, arrival_date=0.03)
    return rows


def record(draw: Draw, carriers: list[Row], clients: list[Row], shipments: list[Row]) -> None:
    """Figures as of the last closing; those of clients count what an earlier forwarder moved for them too."""
    moved, asked = Counter(s["carrier_id"] for s in shipments), Counter(s["client_id"] for s in shipments)
    weight: Counter[int] = Counter()
    for shipment in shipments:
        weight[shipment["client_id"]] += shipment["gross_weight"]
    for carrier in carriers:
        carrier["shipment_count"] = round(moved[carrier["carrier_id"]] * draw.factor(0.62, 1.0))
    for client in clients:
        early = 0 if draw.chance(0.15) else draw.count(11, 0.8)
        client["shipment_count"] = asked[client["client_id"]] + early
        client["shipped_weight"] = stepped(weight[client["client_id"]] + early * draw.amount(520, 0.4), 10)
    draw.blank(carriers, shipment_count=0.04)
    draw.blank(clients, shipped_weight=0.03)


def tables(draw: Draw) -> dict[str, list[Row]]:
    warehouse, carrier, client = warehouses(draw), carriers(draw), clients(draw)
    shipment, transfer = shipments(draw, warehouse, carrier, client), transfers(draw, warehouse)
    record(draw, carrier, client, shipment)
    return {
        "warehouse": warehouse,
        "carrier": carrier,
        "client": client,
        "shipment": shipment,
        "transfer": transfer,
    }
