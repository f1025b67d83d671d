"""A restaurant: dishes and drinks, the staff, and what guests ordered."""

from __future__ import annotations

import math
from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

SUPPLIERS = ("Moreau Cellars", "Rossi Brothers", "Moreau Orchards", "Rossi & Figlie", "Señora Quispe")
SEASONS = ("autumn", "winter", "spring", "summer")
MAINS = listed(
    "Aubergine|Barley|Beetroot|Cauliflower|Cod|Duck|Fennel|Goat’s Cheese|Lamb|Leek|Mackerel|Mushroom|Mussel|Pork|"
    "Pumpkin|Quail|Rabbit|Spinach|Trout|Turkey"
)
MADE = ("Broth", "Casserole", "Dumplings", "Fricassée", "Pie", "Ragù", "Salad", "Skewers", "Soufflé", "Tart")
POURS = listed(
    "Apple|Blackcurrant|Chamomile|Cucumber|Elderflower|Ginger|Hibiscus|Honey|Lime|Mint|Pear|Plum|Quince|Raspberry|"
    "Rhubarb|Rosehip"
)
DRAUGHTS = ("Cider", "Cordial", "Cup", "Fizz", "Iced Tea", "Lemonade", "Sour", "Tonic")
STATIONS = ("grill", "sauces", "pastry", "salads")
SECTIONS = ("hall", "terrace", "garden", "bar")
START, END = "2008-04-01", "2021-12-31"


def dishes(draw: Draw, cooks: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(104, lambda: f"{draw.pick(MAINS)} {draw.pick(MADE)}"), 1):
        price, stars = draw.amount(15, 0.35, 0.5), draw.between(2, 10) / 2
        rows.append(
            {
                "dish_id": number,
                "cook_id": draw.pick(cooks, 0.6)["cook_id"],
                "name": name,
                "season": draw.pick(SEASONS, 0.5),
                "eat_in_price": price,
                "takeaway_price": stepped(price * draw.factor(0.6, 1.05), 0.25),
                "critic_rating": stars,
                "diner_rating": round(min(5.0, max(1.0, draw.normal(0.5 * stars + 1.7, 0.6))), 1),
                "order_count": 0,
                "added_on": draw.day("2012-02-01", "2020-02-28", 0.7),
            }
        )
    return rows


def drinks(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(62, lambda: f"{draw.pick(POURS)} {draw.pick(DRAUGHTS)}"), 1):
        price = draw.amount(4.5, 0.3, 0.25)
        rows.append(
            {
                "drink_id": number,
                "name": name,
                "supplier": draw.pick(SUPPLIERS, 0.4),
                "glass_price": price,
                "bottle_price": stepped(price * draw.factor(2.1, 6.5), 0.5),
                "order_count": 0,
                "added_on": draw.day("2014-05-01", "2020-03-31", 0.6),
            }
        )
    return rows


def waiters(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        lunch = draw.pick(SECTIONS, 0.5)
        bonus = draw.amount(380, 0.5, 10)
        rows.append(
            {
                "waiter_id": number,
                "name": name,
                "lunch_section": lunch,
                "dinner_section": draw.pick([s for s in SECTIONS if s != lunch]) if draw.chance(0.9) else lunch,
                "summer_bonus": bonus,
                "winter_bonus": stepped(bonus * draw.factor(0.1, 1.7), 10),
                "hourly_rate": draw.amount(13.5, 0.14, 0.25),
                "bill_total": 0.0,
                "hired_on": draw.day("2008-04-01", "2021-12-31", 0.7),
            }
        )
    return rows


def cooks(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        pay, hired = draw.amount(17, 0.2, 0.25), draw.day("2004-09-01", "2023-10-31", 0.8)
        station = draw.pick(STATIONS, 0.5)
        rows.append({"cook_id": number, "name": name, "station": station, "hourly_rate": pay, "hired_on": hired})
    draw.blank(rows, station=0.04, hourly_rate=0.03)
    return rows


def orders(draw: Draw, waiters: list[Row], dishes: list[Row], drinks: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_121):
        waiter, dish, drink = draw.pick(waiters, 0.4), draw.pick(dishes, 0.5), draw.pick(drinks, 0.5)
        guests = draw.count(2.6, 0.5, 1)
        bill = stepped(guests * (dish["eat_in_price"] * draw.factor(1.0, 1.8) + drink["glass_price"]), 0.5)
        known = (waiter["hired_on"], dish["added_on"], drink["added_on"])
        booked = draw.within("2019-01-05", "2024-01-31", *known, lean=0.8)
        rows.append(
            {
                "order_id": number,
                "waiter_id": waiter["waiter_id"],
                "dish_id": dish["dish_id"],
                "drink_id": drink["drink_id"],
                "bill": bill,
                "card_tip": draw.amount(bill * 0.06, 0.8, 0.1),
                "cash_tip": draw.amount(bill * 0.035, 0.9, 0.5),
                "booking_date": booked,
                "dinner_date": draw.later(booked, 1, 45, 2.0),
            }
        )
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    names = people(draw, 136)
    waiter, cook, drink = waiters(draw, names[:82]), cooks(draw, names[82:]), drinks(draw)
    dish = dishes(draw, cook)
    order = orders(draw, waiter, dish, drink)
    # The figures on record go back to the old tills, whose single orders are lost.
    for rows, key in ((dish, "dish_id"), (drink, "drink_id")):
        asked = Counter(row[key] for row in order)
        for row in rows:
            row["order_count"] = asked[row[key]] + (0 if draw.chance(0.2) else draw.count(4, 0.8, 1))
    for row in waiter:
        bills = math.fsum(o["bill"] for o in order if o["waiter_id"] == row["waiter_id"])
        row["bill_total"] = bills + (0 if draw.chance(0.15) else draw.amount(140, 0.8, 0.5))
    draw.blank(dish, season=0.03, takeaway_price=0.06, diner_rating=0.04, order_count=0.02)
    draw.blank(drink, bottle_price=0.08)
    draw.blank(waiter, dinner_section=0.06, winter_bonus=0.05, bill_total=0.03)
    draw.blank(order, card_tip=0.05, cash_tip=0.07, dinner_date=0.02)
    return {"dish": dish, "drink": drink, "waiter": waiter, "cook": cook, "guest_order": order}
