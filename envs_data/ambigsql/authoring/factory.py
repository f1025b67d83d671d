"""A pump factory: machines, products, materials, work orders, purchase orders."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

MAKERS = listed("Adlerhof|Bohrmann|Cassady|Dupré|Évora|Fjellström|Grünau|Hexley|Kovářík|O’Hanlon|Stahlberg|Tessaro")
CAPACITY = {
    "Crucible": 120, "Die Press": 60, "Drill": 40, "Dryer": 150, "Furnace": 110, "Grinder": 35, "Lathe": 45,
    "Mill": 50, "Sand Mixer": 180, "Spray Booth": 130, "Test Rig": 25, "Vacuum Tank": 30,
}  # fmt: skip
ANIMALS = listed("Beaver|Carp|Coypu|Dipper|Grebe|Heron|Lamprey|Newt|Otter|Perch|Pike|Stork|Tern|Toad|Vole")
SIZES = ("15", "25", "32", "40", "50", "65", "80", "100")
SERIES = ("Delta light", "Corona", "Marlin eco", "Delta heavy", "Marlin pro")
COST = {"Corona": 85, "Delta heavy": 390, "Delta light": 120, "Marlin eco": 150, "Marlin pro": 270}
MASS = {"Corona": 9, "Delta heavy": 64, "Delta light": 14, "Marlin eco": 18, "Marlin pro": 33}
STUFF = listed(
    "Bearing Ring|Brass Rod|Bronze Bush|Carbon Seal|Cast-Iron Blank|Copper Coil|Flange Plate|Graphite Gasket|"
    "Hex Bolt|Hosepipe|Impeller Wheel|Nickel Sleeve|O-Ring|Rubber Mat|Shaft Steel|Valve Spring"
)
WIDTHS = ("8 mm", "12 mm", "16 mm", "20 mm", "30 mm", "Ø 45", "Ø 60")
SUPPLIERS = ("Halvorsen", "Brüll", "Okada", "Castelmagno", "Tervo")
PRIORITIES = ("normal", "high", "low", "rush")


def machines(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(59, lambda: f"{draw.pick(MAKERS)} {draw.pick(sorted(CAPACITY))}")
    for number, name in enumerate(names, 1):
        tool = next(tool for tool in CAPACITY if name.endswith(f" {tool}"))
        rated = draw.amount(CAPACITY[tool], 0.55, 5)
        bought = draw.day("1988-02-01", "2020-10-31", 0.8)
        rows.append(
            {
                "machine_id": number,
                "name": name,
                "rated_capacity": int(rated),
                "proven_capacity": int(stepped(rated * draw.factor(0.35, 1.1), 1)),
                "planned_downtime": draw.amount(120, 0.5, 5),
                "unplanned_downtime": draw.amount(65, 0.9, 5),
                "order_count": 0,
                "purchase_date": bought,
                "startup_date": draw.later(bought, 20, 1300, 2.2),
            }
        )
    draw.blank(rows, proven_capacity=0.04, unplanned_downtime=0.06, startup_date=0.03)
    return rows


def products(draw: Draw, materials: list[Row]) -> list[Row]:
    rows: list[Row] = []
    names = draw.shuffled([f"{animal} {size}" for animal in ANIMALS for size in SIZES])[:92]
    for number, name in enumerate(names, 1):
        series = draw.pick(SERIES, 0.5)
        parts = draw.amount(COST[series], 0.5, 1)
        rows.append(
            {
                "product_id": number,
                "name": name,
                "material_id": draw.pick(materials, 0.4)["material_id"],
                "series": series,
                "material_cost": parts,
                "labour_cost": draw.amount(COST[series] * 0.75, 0.6, 1),
                "weight": draw.amount(MASS[series], 0.45, 0.5),
                "stock": draw.count(45, 0.9),
                "production_count": 0,
            }
        )
    draw.blank(rows, series=0.03, labour_cost=0.05)
    return rows


def materials(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(60, lambda: f"{draw.pick(STUFF)} {draw.pick(WIDTHS)}")
    for number, name in enumerate(names, 1):
        main = draw.pick(SUPPLIERS, 0.6)
        rows.append(
            {
                "material_id": number,
                "name": name,
                "main_supplier": main,
                "backup_supplier": draw.pick([s for s in SUPPLIERS if s != main], 0.2),
                "weight": draw.amount(1.4, 1.0, 0.1),
                "stock": draw.count(320, 1.0, 4),
                "order_total": 0.0,
            }
        )
    draw.blank(rows, backup_supplier=0.07, weight=0.04)
    return rows


def work_orders(draw: Draw, machines: list[Row], products: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1051):
        machine, product = draw.pick(machines, 0.3), draw.pick(products, 0.35)
        planned = draw.amount(40, 0.8, 5)
        rows.append(
            {
                "work_order_id": number,
                "machine_id": machine["machine_id"],
                "product_id": product["product_id"],
                "priority": draw.pick(PRIORITIES, 0.7),
                "issued_on": draw.within("2019-03-01", "2023-11-30", machine["purchase_date"], lean=0.8),
                "order_value": stepped(planned * product["material_cost"] * draw.factor(1.7, 3.4), 10),
                "planned_quantity": int(planned),
                "finished_quantity": max(1, round(planned * draw.factor(0.6, 1.02))),
                "casting_scrap": draw.count(5, 0.9),
                "machining_scrap": draw.count(3, 0.9),
            }
        )
    draw.blank(rows, priority=0.02, finished_quantity=0.04, machining_scrap=0.03)
    return rows


def purchase_orders(draw: Draw, materials: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 421):
        rows.append(
            {
                "purchase_order_id": number,
                "material_id": draw.pick(materials, 0.25)["material_id"],
                "priority": draw.pick(PRIORITIES, 1.1),
                "issued_on": draw.day("2019-02-10", "2023-12-15", 0.9),
                "order_value": draw.amount(740, 0.9, 10),
            }
        )
    draw.blank(rows, priority=0.05, order_value=0.02)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    machine, material = machines(draw), materials(draw)
    product = products(draw, material)
    work, purchase = work_orders(draw, machine, product), purchase_orders(draw, material)
    for row in machine:
        known = sum(order["machine_id"] == row["machine_id"] for order in work)
        row["order_count"] = max(1, round(known * draw.factor(0.7, 1.5)) + draw.between(0, 5))
    for row in product:
        known = sum(o["finished_quantity"] or 0 for o in work if o["product_id"] == row["product_id"])
        row["production_count"] = max(5, round(known * draw.factor(0.6, 1.9) / 5) * 5 + draw.between(0, 60))
    for row in material:
        known = sum(o["order_value"] or 0.0 for o in purchase if o["material_id"] == row["material_id"])
        row["order_total"] = stepped(known * draw.factor(0.6, 1.7) + draw.amount(300, 0.8), 10)
    return {
        "machine": machine,
        "product": product,
        "material": material,
        "work_order": work,
        "purchase_order": purchase,
    }
