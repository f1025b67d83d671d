"""A sports club: members, trainers, lessons, holiday camps, visits."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, stepped
from envs_data.ambigsql.authoring.words import people

FEE = {"basic": 34, "family": 72, "gold": 84, "student": 22}
HALLS = {
    "boxing": ("small studio", "court"),
    "pilates": ("large studio", "small studio"),
    "rowing": ("court", "large studio"),
    "swimming": ("indoor pool", "indoor pool", "outdoor pool"),
}
TAUGHT = {
    "boxing": "Bag Work|Footwork|Ring Craft|Sparring|One-£ Bouts",
    "pilates": "Balance|Core|Mat Flow|Posture|Réveil",
    "rowing": "Erg Sprints|Long Stroke|Power Strokes|Technique|Voga",
    "swimming": "Backstroke|Butterfly|Diver’s Hour|Front Crawl|漢 Style Laps",
}
TIMES = ("Dawn", "Noon", "Evening", "Weekend", "Late")
HOLIDAYS = ("Spring", "Summer", "Autumn", "Winter", "Carnival")
CAMPS = {
    "boxing": "Glove School|Ring Week",
    "pilates": "Calm Days|Stretch Week",
    "rowing": "Oar Academy|River Week",
    "swimming": "Otter Days|Pirates’ Pool|Splash Week",
}
DISTRICTS = ("Riverside", "Old Town", "Hillcrest", "Harbourside", "Millfield")


def members(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 140), 1):
        tier = draw.pick(("basic", "gold", "family", "student"), 0.7)
        home = draw.pick(DISTRICTS, 0.5)
        entered = draw.day("2010-01-01", "2023-03-31")
        rows.append(
            {
                "member_id": number,
                "name": name,
                "tier": tier,
                "home_district": home,
                "work_district": home
                if draw.chance(0.15)
                else draw.pick([d for d in DISTRICTS[::-1] if d != home], 0.4),
                "monthly_fee": draw.amount(FEE[tier], 0.13, 1),
                "locker_fee": draw.amount(9, 0.5, 0.5),
                "entry_date": entered,
                "renewal_date": draw.until(entered, "2024-02-28", 0.45),
            }
        )
    draw.blank(rows, locker_fee=0.07, work_district=0.05, renewal_date=0.04)
    return rows


def trainers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 56), 1):
        wage = draw.amount(34, 0.28, 0.5)
        peers = min(5.0, stepped(draw.normal(3.9, 0.5), 0.1))
        rows.append(
            {
                "trainer_id": number,
                "name": name,
                "discipline": draw.pick(("swimming", "pilates", "boxing", "rowing"), 0.4),
                "home_district": draw.pick(DISTRICTS[2:] + DISTRICTS[:2], 0.4),
                "regular_wage": wage,
                "weekend_wage": stepped(wage * draw.factor(1.1, 2.6), 0.5),
                "peer_rating": peers,
                "client_rating": min(5.0, stepped(draw.normal(0.4 * peers + 2.6, 0.45), 0.1)),
                "entry_date": draw.day("2006-09-01", "2022-08-31", 0.8),
            }
        )
    draw.blank(rows, weekend_wage=0.04, peer_rating=0.06)
    return rows


def lessons(draw: Draw, trainers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    subjects = [(d, f"{time} {s}") for d, names in TAUGHT.items() for s in names.split("|") for time in TIMES]
    for number, (discipline, name) in enumerate(draw.shuffled(subjects)[:96], 1):
        youngest = draw.pick((6, 10, 14, 16, 18), 0.2)
        open_to_children = youngest < 16
        rows.append(
            {
                "lesson_id": number,
                "name": name,
                "trainer_id": draw.pick([t for t in trainers if t["discipline"] == discipline])["trainer_id"],
                "hall": draw.pick(HALLS[discipline]),
                "entry_age": youngest,
                "exit_age": youngest + draw.pick((6, 40, 60, 10, 25)),
                "adult_attendance": draw.count(8 if open_to_children else 15, 0.5),
                "child_attendance": draw.count(9, 0.6) if open_to_children else draw.between(0, 2),
            }
        )
    draw.blank(rows, hall=0.04, exit_age=0.06, child_attendance=0.03)
    return rows


def camps(draw: Draw, trainers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    kinds = [(d, f"{when} {c}") for d, names in CAMPS.items() for c in names.split("|") for when in HOLIDAYS]
    more = [(d, f"Junior {name}") for d, name in kinds]
    for number, (discipline, name) in enumerate(draw.shuffled(kinds + more)[:54], 1):
        rows.append(
            {
                "camp_id": number,
                "name": name,
                "trainer_id": draw.pick([t for t in trainers if t["discipline"] == discipline])["trainer_id"],
                "hall": draw.pick(HALLS[discipline]),
                "entry_age": draw.pick((5, 6, 7) if name.startswith("Junior") else (8, 10, 11, 12, 14)),
            }
        )
    draw.blank(rows, entry_age=0.04)
    return rows


def visits(draw: Draw, members: list[Row], lessons: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1601):
        member = draw.pick(members, 0.6)
        active = draw.amount(350, 0.4, 5)
        rows.append(
            {
                "visit_id": number,
                "member_id": member["member_id"],
                "lesson_id": draw.pick(lessons, 0.6)["lesson_id"],
                "visited_on": draw.within("2020-06-01", "2024-02-28", member["entry_date"], lean=0.8),
                "active_burn": int(active),
                "full_burn": round(active * draw.factor(1.05, 1.4) + draw.factor(40, 420)),
            }
        )
    draw.blank(rows, active_burn=0.04, full_burn=0.05)
    return rows


def record(draw: Draw, members: list[Row], trainers: list[Row], lessons: list[Row], visits: list[Row]) -> None:
    """What the turnstile and the trainers' lists say: visits from before the data, and guests without a card."""
    of_member, of_lesson = Counter(v["member_id"] for v in visits), Counter(v["lesson_id"] for v in visits)
    adults: Counter[int] = Counter()
    for lesson in lessons:
        adults[lesson["trainer_id"]] += lesson["adult_attendance"]
    for member in members:
        member["visit_count"] = of_member[member["member_id"]] + (0 if draw.chance(0.1) else draw.count(16, 1.0))
    for trainer in trainers:
        trainer["adult_tally"] = round(adults[trainer["trainer_id"]] * draw.factor(0.6, 1.4)) + draw.count(3, 0.8)
    for lesson in lessons:
        lesson["visit_count"] = round(of_lesson[lesson["lesson_id"]] * draw.factor(0.8, 1.9)) + draw.between(0, 4)
    draw.blank(members, visit_count=0.03)
    draw.blank(lessons, visit_count=0.03)


def tables(draw: Draw) -> dict[str, list[Row]]:
    member, trainer = members(draw), trainers(draw)
    lesson, camp = lessons(draw, trainer), camps(draw, trainer)
    visit = visits(draw, member, lesson)
    record(draw, member, trainer, lesson, visit)
    return {"member": member, "trainer": trainer, "lesson": lesson, "camp": camp, "visit": visit}
