"""A hotel group: hotels, guests, employees, bookings of rooms and of events."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

HOUSES = listed(
    "Admiral|Almond Tree|Belvédère|Blue Heron|Clocktower|Crescent|Drawing Room|Emerald|Fisherman’s|Golden Fleece|"
    "Grand Café|Hawthorn|Ivory|Juniper|Lighthouse|Magnolia|Old Mint £|Palm|Regent’s|Sea Glass|Terrace|Velvet|"
    "Whitestone|漢庭"
)
FORMS = ("Hotel", "House", "Inn", "Lodge", "Suites")
PRICE = {"airport": 110, "beach": 165, "center": 150, "suburb": 85}
LANGUAGES = ("German", "French", "Spanish", "Dutch", "Italian")
CHANNELS = ("hotel website", "travel agency", "partner website", "phone", "event agency")


def hotels(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(58, lambda: f"{draw.pick(HOUSES)} {draw.pick(FORMS)}"), 1):
        location = draw.pick(("center", "beach", "suburb", "airport"), 0.4)
        stars = draw.pick((3.0, 4.0, 3.5, 2.5, 4.5, 2.0, 5.0), 0.3)
        weekday = draw.amount(PRICE[location] * stars / 3.2, 0.25, 5)
        rows.append(
            {
                "hotel_id": number,
                "name": name,
                "location": location,
                "weekday_rate": weekday,
                "weekend_rate": stepped(weekday * draw.factor(0.7, 1.6), 5),
                "official_grade": stars,
                "guest_grade": min(9.8, stepped(draw.normal(5.4 + 0.5 * stars, 1.1), 0.1)),
                "booking_count": 0,
                "event_count": 0,
                "event_income": 0.0,
            }
        )
    draw.blank(rows, weekend_rate=0.03, official_grade=0.05)
    return rows


def guests(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 130), 1):
        points = draw.amount(2_600, 1.0, 10)
        rows.append(
            {
                "guest_id": number,
                "name": name,
                "first_language": draw.pick(LANGUAGES, 0.6),
                "loyalty_balance": int(points),
                "bonus_balance": int(stepped(points * draw.factor(0.02, 0.6), 5)),
                "first_stay": draw.day("2012-01-01", "2020-12-31"),
                "booking_count": 0,
            }
        )
    draw.blank(rows, first_language=0.05, bonus_balance=0.07)
    return rows


def employees(draw: Draw, hotels: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 118), 1):
        first = draw.pick(LANGUAGES, 0.5)
        rows.append(
            {
                "employee_id": number,
                "name": name,
                "hotel_id": draw.pick(hotels, 0.4)["hotel_id"],
                "first_language": first,
                "second_language": draw.pick([language for language in LANGUAGES if language != first], 0.4),
                "bonus_balance": int(draw.amount(420, 0.8, 5)),
            }
        )
    draw.blank(rows, second_language=0.06, bonus_balance=0.03)
    return rows


def room_bookings(draw: Draw, hotels: list[Row], guests: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_341):
        hotel = draw.pick(hotels, 0.6)
        guest = draw.pick(guests, 0.5)
        nights = draw.count(3, 0.7, 1)
        changed = draw.pick((-1, 1, 0, -2, 2), 0.3)
        charge = round(nights * hotel["weekday_rate"] * draw.factor(0.8, 1.25), 2)
        rows.append(
            {
                "room_booking_id": number,
                "hotel_id": hotel["hotel_id"],
                "guest_id": guest["guest_id"],
                "channel": draw.pick(CHANNELS[:4], 0.5) if draw.chance(0.97) else "event agency",
                "room_charge": charge,
                "extras_charge": draw.amount(70, 0.9, 0.5),
                "booked_length": nights,
                "actual_length": max(0, nights + changed),
                "deposit": stepped(charge * draw.pick((0.2, 0.1, 0.3, 0.5), 0.8), 10),
                "booking_date": draw.within("2019-04-01", "2023-12-31", guest["first_stay"], lean=0.8),
            }
        )
    draw.blank(rows, channel=0.02, extras_charge=0.06, actual_length=0.04)
    return rows


def event_bookings(draw: Draw, hotels: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 421):
        fee = draw.amount(2_900, 0.8, 25)
        booked = draw.day("2019-05-15", "2023-09-30", 0.85)
        rows.append(
            {
                "event_booking_id": number,
                "hotel_id": draw.pick(hotels, 0.5)["hotel_id"],
                "channel": draw.pick(
                    ("phone", "event agency", "hotel website", "partner website", "travel agency"), 0.6
                ),
                "fee": fee,
                "deposit": stepped(fee * draw.factor(0.05, 0.6), 50),
                "booking_date": booked,
                "event_date": draw.later(booked, 5, 210, 1.3),
            }
        )
    draw.blank(rows, channel=0.03, fee=0.03, event_date=0.05)
    return rows


def keep_books(draw: Draw, hotels: list[Row], guests: list[Row], rooms: list[Row], events: list[Row]) -> None:
    """The figures that head office keeps: they begin before the bookings on file, and miss the last weeks."""
    for hotel in hotels:
        held = [event for event in events if event["hotel_id"] == hotel["hotel_id"]]
        taken = sum(room["hotel_id"] == hotel["hotel_id"] for room in rooms)
        hotel["booking_count"] = max(1, round(taken * draw.factor(0.9, 1.5)))
        hotel["event_count"] = max(0, len(held) + draw.pick((1, 2, 0, -1, 3), 0.4))
        hotel["event_income"] = round(sum(event["fee"] or 0 for event in held) * draw.factor(0.85, 1.3)) + 400.0
    for guest in guests:
        stays = sum(room["guest_id"] == guest["guest_id"] for room in rooms)
        guest["booking_count"] = max(0, stays + draw.pick((1, 0, 2, -1, 4, 6), 0.4))
    draw.blank(hotels, event_count=0.04)


def tables(draw: Draw) -> dict[str, list[Row]]:
    hotel, guest = hotels(draw), guests(draw)
    employee = employees(draw, draw.shuffled(hotel))
    rooms = room_bookings(draw, draw.shuffled(hotel), draw.shuffled(guest))
    events = event_bookings(draw, draw.shuffled(hotel))
    keep_books(draw, hotel, guest, rooms, events)
    return {"hotel": hotel, "guest": guest, "employee": employee, "room_booking": rooms, "event_booking": events}
