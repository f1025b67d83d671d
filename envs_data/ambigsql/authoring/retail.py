"""A retail chain: stores, products, sales."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

PLACES = listed(
    "Alder|Amber|Beacon|Birch|Canal|Castle|Chapel|Cherry|Clover|Copper|Cross|Dock|Elm|Ferry|Forge|Garden|Granite|"
    "Harbour|Hazel|King’s|Lantern|Linden|Market|Meadow|Mill|Orchard|Queen’s|Quarry|Rose|Saffron|Silver|Station|"
    "Tannery|Willow"
)
WAYS = ("Corner", "Court", "Gate", "Lane", "Plaza", "Row", "Square", "Street", "Yard")
SELLS = {
    "bakery": "Baguette|Brioche|Cinnamon Roll|Crème Tart|Éclair|Oat Loaf|Rye Loaf|Scone|Sourdough|Walnut Cake",
    "household": "Bath Towel|Candle|Desk Lamp|Kettle|Mirror|Pillow|Saucepan|Soap Dish|Vase|Wool Rug",
    "produce": "Apples|Blood Oranges|Figs|Green Beans|Kale|Mangoes|Mushrooms|Pears|Plums|Spinach",
    "toys": "Building Blocks|Chess Set|Doll’s House|Kite|Marbles|Puzzle|Robot|Rocking Horse|Train Set|漢字 Cards",
}
STYLES = ("Classic", "Little", "Deluxe", "Farmhouse", "£-Saver", "Nordic", "Family")
FLOOR = {"flagship": 1500, "kiosk": 60, "mall": 560, "outlet": 750}
COST = {"bakery": 5, "household": 32, "produce": 4.5, "toys": 22}


def stores(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(64, lambda: f"{draw.pick(PLACES)} {draw.pick(WAYS)}")
    for number, name in enumerate(names, 1):
        kind = draw.pick(("mall", "outlet", "flagship", "kiosk"), 0.5)
        area = draw.amount(FLOOR[kind], 0.35, 5)
        opened = draw.day("2001-01-01", "2023-06-30", 0.8)
        rows.append(
            {
                "store_id": number,
                "name": name,
                "kind": kind,
                "sales_area": area,
                "storage_area": stepped(area * draw.factor(0.08, 0.75), 5),
                "staff_count": max(2, round(area**0.6 * draw.factor(0.25, 0.7))),
                "opening_date": opened,
                "renovation_date": draw.until(opened, "2024-03-31", 0.7),
            }
        )
    draw.blank(rows, storage_area=0.04, staff_count=0.03, renovation_date=0.07)
    return rows


def products(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    goods = [(d, f"{s} {g}") for d, list_ in SELLS.items() for g in list_.split("|") for s in STYLES]
    for number, (department, name) in enumerate(draw.shuffled(goods)[:96], 1):
        price = draw.amount(COST[department], 0.55, 0.5)
        sold_at = stepped(price * draw.factor(0.5, 1.0), 0.25)
        rows.append(
            {
                "product_id": number,
                "name": name,
                "department": department,
                "list_price": price,
                "sale_price": sold_at,
                "member_price": stepped(sold_at * draw.factor(0.4, 0.98), 0.25),
                "shelf_stock": draw.count(24, 0.8),
                "depot_stock": draw.count(110, 0.9),
            }
        )
    draw.blank(rows, department=0.03, member_price=0.05, shelf_stock=0.04)
    return rows


def sales(draw: Draw, stores: list[Row], products: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 361):
        product = draw.pick(products, 0.6)
        quantity = draw.count(4, 0.8, 1)
        gross = round(quantity * product["list_price"] * draw.factor(0.8, 1.0), 2)
        store = draw.pick(stores, 0.7)
        ordered = draw.within("2020-01-01", "2023-12-20", store["opening_date"], lean=0.85)
        rows.append(
            {
                "sale_id": number,
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


def tables(draw: Draw) -> dict[str, list[Row]]:
    store, product = stores(draw), products(draw)
    return {"store": store, "product": product, "sale": sales(draw, store, product)}
