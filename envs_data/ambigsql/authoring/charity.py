"""A relief charity: donors, volunteers, campaigns, projects, gifts."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

AGES = ("retired", "middle-aged", "young", "student")
THEMES = ("child health", "clean water", "school meals", "mental health", "school books", "winter shelter")
HOPES = listed(
    "A Bowl a Day|Bright Window|Carry the Load|Dry Feet|Every Footstep|First Lantern|Full Satchel|Good Morning|"
    "Hand in Hand|Kind Stranger|Light the Stove|Many Wells|Noël for All|One Blanket|Open Door|Quiet Minds|"
    "Shared Table|Spring of Life|Thousand Candles|Warm Hearts"
)
OCCASIONS = ("Appeal", "Drive", "Gala", "Lottery", "Run", "Week")
PLACES = listed(
    "Acacia Valley|Blue Hill|Chalk River|Dune Village|Eagle Pass|Five Springs|Green Delta|High Terrace|Ibis Marsh|"
    "Jade Coast|Kapok Grove|Lower Falls|Mango Bay|New Quarter|Old Bridge|Palm Island|Red Plateau|São Tomé Street|"
    "Stone Market|Upper Lake"
)
WORKS = ("Clinic", "Kitchen", "School", "Shelter", "Wells", "Workshop")
COUNTRIES = ("Kenya", "Nepal", "Bolivia", "Jordan", "Laos")
SIZE = {"retired": 120, "middle-aged": 90, "young": 40, "student": 15}


def donors(draw: Draw, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(names, 1):
        age = draw.pick(AGES, 0.6)
        rows.append(
            {
                "donor_id": number,
                "name": name,
                "age_group": age,
                "joined_on": draw.day("2004-03-01", "2022-12-31", 0.7),
                "annual_pledge": draw.amount(SIZE[age] * 2, 0.8, 10),
                "legacy_pledge": draw.amount(1_900, 1.0, 100),
                "gift_count": 0,
                "gift_total": 0.0,
            }
        )
    draw.blank(rows, age_group=0.03, legacy_pledge=0.08)
    return rows


def campaigns(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(57, lambda: f"{draw.pick(HOPES)} {draw.pick(OCCASIONS)}"), 1):
        budget = draw.amount(18_000, 0.6, 500)
        rows.append(
            {
                "campaign_id": number,
                "name": name,
                "theme": draw.pick(THEMES, 0.3),
                "started_on": draw.day("2012-01-09", "2023-04-30", 0.8),
                "budget": budget,
                "print_spending": stepped(budget * draw.factor(0.05, 0.45), 50),
                "media_spending": stepped(budget * draw.factor(0.05, 0.5), 50),
                "online_income": draw.amount(31_000, 0.8, 100),
                "event_income": draw.amount(24_000, 0.9, 100),
            }
        )
    draw.blank(rows, theme=0.03, print_spending=0.05, event_income=0.06)
    return rows


def projects(draw: Draw, campaigns: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(60, lambda: f"{draw.pick(PLACES)} {draw.pick(WORKS)}"), 1):
        campaign, field = draw.pick(campaigns, 0.4), draw.pick(COUNTRIES, 0.5)
        direct = draw.amount(650, 0.8, 10)
        rows.append(
            {
                "project_id": number,
                "name": name,
                "campaign_id": campaign["campaign_id"],
                "office_country": field if draw.chance(0.14) else draw.pick([c for c in COUNTRIES if c != field]),
                "field_country": field,
                "started_on": draw.within("2013-02-01", "2023-09-30", campaign["started_on"]),
                "budget": draw.amount(46_000, 0.7, 1_000),
                "direct_reach": int(direct),
                "indirect_reach": int(stepped(direct * draw.factor(0.4, 6.0), 50)),
                "volunteer_count": 0,
            }
        )
    draw.blank(rows, office_country=0.04, indirect_reach=0.05)
    return rows


def volunteers(draw: Draw, names: list[str], projects: list[Row]) -> list[Row]:
    rows: list[Row] = []
    every = draw.shuffled(projects)
    for number, name in enumerate(names, 1):
        project = every[number - 1] if number <= len(every) else draw.pick(projects, 0.5)
        rows.append(
            {
                "volunteer_id": number,
                "name": name,
                "project_id": project["project_id"],
                "age_group": draw.pick(("student", "young", "retired", "middle-aged"), 0.6),
                "joined_on": draw.day("2011-01-10", "2023-10-31", 0.6),
                "office_workload": draw.count(17, 0.9),
                "field_workload": draw.count(24, 1.0),
            }
        )
    draw.blank(rows, age_group=0.02, field_workload=0.04)
    return rows


def gifts(draw: Draw, donors: list[Row], campaigns: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1281):
        donor, campaign = draw.pick(donors, 0.45), draw.pick(campaigns, 0.5)
        promised = draw.within("2019-04-05", "2023-11-20", donor["joined_on"], campaign["started_on"], lean=0.9)
        rows.append(
            {
                "gift_id": number,
                "donor_id": donor["donor_id"],
                "campaign_id": campaign["campaign_id"],
                "amount": draw.amount(SIZE[donor["age_group"] or "young"], 0.8, 5),
                "promise_date": promised,
                "receipt_date": draw.later(promised, 0, 120, 2.0),
            }
        )
    draw.blank(rows, promise_date=0.03, receipt_date=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    names = people(draw, 264)
    donor, campaign = donors(draw, names[:138]), campaigns(draw)
    project = projects(draw, campaign)
    volunteer, gift = volunteers(draw, names[138:], project), gifts(draw, donor, campaign)
    for row in donor:
        known = [g["amount"] for g in gift if g["donor_id"] == row["donor_id"]]
        row["gift_count"] = round(len(known) * draw.factor(0.6, 1.5)) + draw.between(0, 5)
        row["gift_total"] = stepped(sum(known) * draw.factor(0.6, 1.6) + draw.amount(60, 0.9), 5)
    for row in project:
        known = sum(v["project_id"] == row["project_id"] for v in volunteer)
        row["volunteer_count"] = known + draw.pick((1, 2, 0, 3, 4, 6), 0.4)
    return {"donor": donor, "volunteer": volunteer, "campaign": campaign, "project": project, "gift": gift}
