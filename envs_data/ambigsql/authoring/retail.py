"""A retail chain: stores, depots, products, sales orders, purchase orders."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

PLACES = listed(
    "Alder|Amber|Beacon|Birch|Canal|Castle|Chapel|Cherry|Clover|Copper|Cross|Dock|Elm|Ferry|Forge|Garden|Granite|"
    "Harbour|Hazel|King’s|Lantern|Linden|Market|Meadow|Mill|Orchard|Queen’s|Quarry|Rose|Saffron|Silver|Station|"
    "Tannery|Willow"
)
WAYS = ("Corner", "Court", "Gate", "Lane", "Plaza", "Row", "Square", "Street", "Yard")
SHEDS = ("Barns", "Cold Store", "Depot", "Stockroom")
SELLS = {
    "bakery": "Baguette|Brioche|Cinnamon Roll|Crème Tart|Éclair|Oat Loaf|Rye Loaf|Scone|Sourdough|Walnut Cake",
    "home decor": "Candle|Desk Lamp|Mirror|Picture Frame|Soap Dish|Vase|Wall Clock",
    "home textiles": "Bath Towel|Blanket|Curtain|Pillow|Table Cloth|Wool Rug",
    "produce": "Apples|Blood Oranges|Figs|Green Beans|Kale|Mangoes|Mushrooms|Pears|Plums|Spinach",
    "toys": "Building Blocks|Chess Set|Doll’s House|Kite|Marbles|Puzzle|Robot|Rocking Horse|Train Set|漢字 Cards",
}
STYLES = ("Classic", "Little", "Deluxe", "Farmhouse", "£-Saver", "Nordic", "Family")
FLOOR = {"flagship": 1500, "mall kiosk": 70, "mall outlet": 640, "street kiosk": 55, "street outlet": 780}
COST = {"bakery": 5, "home decor": 34, "home textiles": 28, "produce": 4.5, "toys": 22}
COUNTRIES = ("Italy", "Peru", "Denmark", "Japan", "Vietnam", "France")


def stores(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(72, lambda: f"{draw.pick(PLACES)} {draw.pick(WAYS)}")
    for number, name in enumerate(names, 1):
        kind = draw.pick(("mall outlet", "street outlet", "flagship", "street kiosk", "mall kiosk"), 0.4)
        area = draw.amount(FLOOR[kind], 0.35, 5)
        rows.append(
            {
                "store_id": number,
                "name": name,
                "kind": kind,
                "sales_area": area,
                "storage_area": stepped(area * draw.factor(0.08, 0.75), 5),
                "staff_count": max(2, round(area**0.6 * draw.factor(0.25, 0.7))),
                "opening_date": draw.day("2001-01-01", "2022-06-30", 0.8),
            }
        )
    draw.blank(rows, storage_area=0.04, staff_count=0.03)
    return rows


def depots(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(52, lambda: f"{draw.pick(PLACES)} {draw.pick(SHEDS)}")
    for number, name in enumerate(names, 1):
        rows.append(
            {
                "depot_id": number,
                "name": name,
                "staff_count": draw.count(17, 0.5, 3),
                "opening_date": draw.day("1994-03-01", "2019-10-31", 0.9),
            }
        )
    draw.blank(rows, staff_count=0.04)
    return rows


def products(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    goods = [(d, f"{s} {g}") for d, list_ in SELLS.items() for g in list_.split("|") for s in STYLES]
    for number, (department, name) in enumerate(draw.shuffled(goods)[:120], 1):
        origin = draw.pick(COUNTRIES, 0.5)
        price = draw.amount(COST[department], 0.55, 0.5)
        rows.append(
            {
                "product_id": number,
                "name": name,
                "department": department,
                "origin_country": origin,
                "supplier_country": origin
                if draw.chance(0.12)
                else draw.pick([c for c in COUNTRIES[::-1] if c != origin], 0.4),
                "list_price": price,
                "sale_price": stepped(price * draw.factor(0.35, 1.0), 0.25),
                "shelf_stock": draw.count(24, 0.8),
                "depot_stock": draw.count(110, 0.9),
            }
        )
    draw.blank(rows, department=0.03, supplier_country=0.04, shelf_stock=0.04)
    return rows


def sales(draw: Draw, stores: list[Row], products: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 921):
        product = draw.pick(products, 0.6)
        quantity = draw.count(4, 0.8, 1)
        gross = round(quantity * product["list_price"] * draw.factor(0.8, 1.0), 2)
        store = draw.pick(stores, 0.6)
        ordered = draw.within("2020-01-01", "2023-12-20", store["opening_date"], lean=0.85)
        rows.append(
            {
                "sales_order_id": number,
                "store_id": store["store_id"],
                "product_id": product["product_id"],
                "channel": draw.pick(("counter", "web", "app"), 0.8),
                "quantity": quantity,
                "gross_revenue": gross,
                "net_revenue": round(gross * draw.factor(0.55, 0.95), 2),
                "order_date": ordered,
                "delivery_date": draw.later(ordered, 1, 24, 2.0),
            }
        )
    draw.blank(rows, channel=0.03, net_revenue=0.03, delivery_date=0.05)
    return rows


def purchases(draw: Draw, depots: list[Row], products: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 461):
        depot, product = draw.pick(depots, 0.5), draw.pick(products, 0.4)
        quantity = int(draw.amount(60, 0.8, 5))
        quoted = round(quantity * product["list_price"] * draw.factor(0.3, 0.55), 2)
        ordered = draw.within("2019-09-01", "2023-10-31", depot["opening_date"], lean=0.9)
        rows.append(
            {
                "purchase_order_id": number,
                "depot_id": depot["depot_id"],
                "product_id": product["product_id"],
                "quantity": quantity,
                "quoted_cost": quoted,
                "final_cost": round(quoted * draw.factor(0.65, 1.5), 2),
                "order_date": ordered,
                "delivery_date": draw.later(ordered, 4, 75, 1.6),
            }
        )
    draw.blank(rows, final_cost=0.04, delivery_date=0.06)
    return rows


def record(draw: Draw, stores: list[Row], depots: list[Row], products: list[Row], sold: list[Row], bought: list[Row]):
    """The figures that the old till system handed over: they include orders from before the data."""
    sales_of, orders_of = Counter(s["store_id"] for s in sold), Counter(p["depot_id"] for p in bought)
    units: Counter[int] = Counter()
    for sale in sold:
        units[sale["product_id"]] += sale["quantity"]
    for store in stores:
        store["sales_count"] = sales_of[store["store_id"]] + (0 if draw.chance(0.12) else draw.count(9, 0.8))
    for depot in depots:
        depot["order_count"] = orders_of[depot["depot_id"]] + (0 if draw.chance(0.15) else draw.count(6, 0.7))
    for product in products:
        product["sales_volume"] = units[product["product_id"]] + (0 if draw.chance(0.1) else draw.count(28, 0.9))
    draw.blank(stores, sales_count=0.03)
    draw.blank(products, sales_volume=0.03)


def tables(draw: Draw) -> dict[str, list[Row]]:
    store, depot, product = stores(draw), depots(draw), products(draw)
    sold, bought = sales(draw, store, product), purchases(draw, depot, product)
    record(draw, store, depot, product, sold, bought)
    return {"store": store, "depot": depot, "product": product, "sales_order": sold, "purchase_order": bought}
