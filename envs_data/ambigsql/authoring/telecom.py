"""A mobile operator: plans, subscribers, companies, service calls, tickets."""

from __future__ import annotations

import datetime

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

MOODS = listed(
    "Breezy|Chatty|Cosy|Déjà-Vu|Easy|Endless|Family|Flexi|Happy|Nomad|Night-Owl|Pocket|Senior|Solo|Turbo|Zen"
)
FORMS = ("Talk", "Surf", "Max", "Start", "Duo", "£10", "Roamer")
GENERATIONS = ("4G plus", "5G basic", "4G basic", "5G plus", "landline")
DATA = {"4G basic": 6, "4G plus": 18, "5G basic": 30, "5G plus": 75, "landline": 3}
REGIONS = ("Riverside", "Lakeland", "Highlands", "Northshore", "Southvale")
BRANDS = listed(
    "Almond|Baobab|Cobalt|Domino|Ember|Fable|Gingham|Hollyhock|Indigo|Juniper|Kettledrum|Lupin|Marzipan|Nutmeg|"
    "Ocarina|Pebble|Quokka|Rhubarb|Sålund|Tamarind|Umbra|Vignette|Wisteria|Zinnia"
)
TRADES = ("Bakeries", "Builders", "Couriers", "Dental", "Movers", "Optics", "Pharma", "Press", "Textiles", "Tours")
FIRST_TICKET = datetime.date(2019, 4, 1)
TOPICS = ("late invoice", "slow network", "wrong invoice", "network outage", "contract", "device")
MINUTES = {
    "contract": 14, "device": 19, "late invoice": 7, "network outage": 9, "slow network": 22, "wrong invoice": 12,
}  # fmt: skip


def plans(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(58, lambda: f"{draw.pick(MOODS)} {draw.pick(FORMS)}"), 1):
        generation = draw.pick(GENERATIONS, 0.4)
        home = draw.amount(DATA[generation], 0.5, 1)
        rows.append(
            {
                "plan_id": number,
                "name": name,
                "generation": generation,
                "home_allowance": home,
                "roaming_allowance": stepped(home * draw.factor(0.05, 0.9), 0.5),
                "roaming_surcharge": draw.amount(4.5, 0.6, 0.25),
                "overuse_surcharge": draw.amount(6, 0.7, 0.25),
                "subscriber_count": 0,
            }
        )
    draw.blank(rows, generation=0.035, roaming_allowance=0.05, overuse_surcharge=0.07)
    return rows


def subscribers(draw: Draw, plans: list[Row]) -> list[Row]:
    rows: list[Row] = []
    every = draw.shuffled(plans)
    for number, name in enumerate(people(draw, 140), 1):
        plan = every[number - 1] if number <= len(every) else draw.pick(plans, 0.5)
        service = draw.pick(REGIONS, 0.6)
        rows.append(
            {
                "subscriber_id": number,
                "name": name,
                "plan_id": plan["plan_id"],
                "billing_region": service if draw.chance(0.15) else draw.pick([r for r in REGIONS if r != service]),
                "service_region": service,
                "monthly_bill": draw.amount(27, 0.5, 0.5),
                "joined_on": draw.day("2009-05-01", "2023-03-31", 0.7),
                "paid_credit": draw.amount(22, 0.8, 1),
                "bonus_credit": draw.amount(9, 0.9, 0.5),
                "call_count": 0,
            }
        )
    draw.blank(rows, billing_region=0.03, monthly_bill=0.02, bonus_credit=0.06)
    return rows


def companies(draw: Draw, plans: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(60, lambda: f"{draw.pick(BRANDS)} {draw.pick(TRADES)}"), 1):
        mobile = draw.count(26, 0.9, 2)
        rows.append(
            {
                "company_id": number,
                "name": name,
                "plan_id": draw.pick(plans, 0.6)["plan_id"],
                "handset_deposit": stepped(mobile * draw.factor(6, 55), 10),
                "line_deposit": draw.amount(220, 0.8, 10),
                "monthly_bill": stepped(mobile * draw.factor(9, 26), 5),
                "joined_on": draw.day("2006-01-15", "2022-11-30", 0.8),
                "handling_total": 0,
            }
        )
    draw.blank(rows, line_deposit=0.05, joined_on=0.03)
    return rows


def service_calls(draw: Draw, subscribers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2361):
        subscriber, topic = draw.pick(subscribers, 0.5), draw.pick(TOPICS, 0.6)
        rows.append(
            {
                "service_call_id": number,
                "subscriber_id": subscriber["subscriber_id"],
                "topic": topic,
                "received_on": draw.within("2019-02-01", "2023-12-31", subscriber["joined_on"], lean=0.9),
                "handling_time": draw.count(MINUTES[topic], 0.6, 1),
                "queue_wait": draw.count(6, 0.9),
                "transfer_wait": draw.count(3, 0.9),
            }
        )
    draw.blank(rows, topic=0.02, handling_time=0.03, transfer_wait=0.05)
    return rows


def tickets(draw: Draw, companies: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 641):
        company, topic = draw.pick(companies, 0.3), draw.pick(TOPICS, 0.4)
        received = draw.until(max(FIRST_TICKET, company["joined_on"] or FIRST_TICKET), "2023-11-25")
        promised = draw.later(received, 1, 14)
        rows.append(
            {
                "ticket_id": number,
                "company_id": company["company_id"],
                "topic": topic,
                "received_on": received,
                "handling_time": draw.count(MINUTES[topic] * 3, 0.7, 2),
                "promised_date": promised,
                "solved_date": draw.later(promised, -1, 60, 2.0)
                if promised > received
                else draw.later(received, 0, 40),
            }
        )
    draw.blank(rows, handling_time=0.02, promised_date=0.03, solved_date=0.06)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    plan = plans(draw)
    subscriber, company = subscribers(draw, plan), companies(draw, plan)
    call, ticket = service_calls(draw, subscriber), tickets(draw, company)
    for row in plan:
        known = sum(s["plan_id"] == row["plan_id"] for s in subscriber)
        row["subscriber_count"] = max(1, round(known * draw.factor(0.6, 1.5)) + draw.between(0, 4))
    for row in subscriber:
        known = sum(c["subscriber_id"] == row["subscriber_id"] for c in call)
        row["call_count"] = round(known * draw.factor(0.6, 1.4)) + draw.between(0, 6)
    for row in company:
        known = sum(t["handling_time"] or 0 for t in ticket if t["company_id"] == row["company_id"])
        row["handling_total"] = max(5, round(known * draw.factor(0.6, 1.6) / 5) * 5 + draw.between(0, 12) * 5)
    return {"plan": plan, "subscriber": subscriber, "company": company, "service_call": call, "ticket": ticket}
