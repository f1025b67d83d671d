"""A sports club: members, trainers, lessons, visits."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, stepped
from envs_data.ambigsql.authoring.words import people

FEE = {"basic": 34, "family": 72, "gold": 84, "student": 22}
HALLS = {"boxing": ("studio", "court"), "pilates": ("studio",), "rowing": ("court", "studio"), "swimming": ("pool",)}
TAUGHT = {
    "boxing": "Bag Work|Footwork|Ring Craft|Sparring|One-£ Bouts",
    "pilates": "Balance|Core|Mat Flow|Posture|Réveil",
    "rowing": "Erg Sprints|Long Stroke|Power Strokes|Technique|Voga",
    "swimming": "Backstroke|Butterfly|Diver’s Hour|Front Crawl|漢 Style Laps",
}
TIMES = ("Dawn", "Noon", "Evening", "Weekend", "Late")


def members(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 150), 1):
        tier = draw.pick(("basic", "gold", "family", "student"), 0.7)
        entered = draw.day("2010-01-01", "2023-03-31")
        rows.append(
            {
                "member_id": number,
                "name": name,
                "tier": tier,
                "monthly_fee": draw.amount(FEE[tier], 0.13, 1),
                "locker_fee": draw.amount(9, 0.5, 0.5),
                "joining_fee": draw.amount(55, 0.6, 5),
                "visit_count": draw.count(42, 0.9),
                "entry_date": entered,
                "renewal_date": draw.until(entered, "2024-02-28", 0.45),
            }
        )
    draw.blank(rows, locker_fee=0.07, joining_fee=0.03, visit_count=0.03, renewal_date=0.04)
    return rows


def trainers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 48), 1):
        wage = draw.amount(34, 0.28, 0.5)
        peers = min(5.0, stepped(draw.normal(3.9, 0.5), 0.1))
        rows.append(
            {
                "trainer_id": number,
                "name": name,
                "discipline": draw.pick(("swimming", "pilates", "boxing", "rowing"), 0.4),
                "regular_wage": wage,
                "weekend_wage": stepped(wage * draw.factor(1.1, 2.6), 0.5),
                "peer_rating": peers,
                "client_rating": min(5.0, stepped(draw.normal(0.4 * peers + 2.6, 0.45), 0.1)),
            }
        )
    draw.blank(rows, weekend_wage=0.04, peer_rating=0.06)
    return rows


def lessons(draw: Draw, trainers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    subjects = [(d, f"{time} {s}") for d, names in TAUGHT.items() for s in names.split("|") for time in TIMES]
    for number, (discipline, name) in enumerate(draw.shuffled(subjects)[:84], 1):
        youngest = draw.pick((6, 10, 14, 16, 18), 0.2)
        open_to_children = youngest < 16
        rows.append(
            {
                "lesson_id": number,
                "name": name,
                "trainer_id": draw.pick([t for t in trainers if t["discipline"] == discipline])["trainer_id"],
                "hall": draw.pick(HALLS[discipline]),
                "minimum_age": youngest,
                "maximum_age": youngest + draw.pick((6, 40, 60, 10, 25)),
                "adult_attendance": draw.count(8 if open_to_children else 15, 0.5),
                "child_attendance": draw.count(9, 0.6) if open_to_children else draw.between(0, 2),
            }
        )
    draw.blank(rows, hall=0.04, maximum_age=0.06, child_attendance=0.03)
    return rows


def visits(draw: Draw, members: list[Row], lessons: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 381):
        member = draw.pick(members, 0.6)
        active = draw.amount(350, 0.4, 5)
        rows.append(
            {
                "visit_id": number,
                "member_id": member["member_id"],
                "lesson_id": draw.pick(lessons, 0.6)["lesson_id"],
                "visited_on": draw.within("2020-06-01", "2024-02-28", member["entry_date"], lean=0.8),
                "active_calories": int(active),
                "total_calories": round(active * draw.factor(1.05, 1.4) + draw.factor(40, 420)),
            }
        )
    draw.blank(rows, active_calories=0.04, total_calories=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    member, trainer = members(draw), trainers(draw)
    lesson = lessons(draw, trainer)
    return {"member": member, "trainer": trainer, "lesson": lesson, "visit": visits(draw, member, lesson)}
