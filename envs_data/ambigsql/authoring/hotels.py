"""A hotel group: hotels, guests, bookings."""

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


def hotels(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(62, lambda: f"{draw.pick(HOUSES)} {draw.pick(FORMS)}"), 1):
        district = draw.pick(("center", "beach", "suburb", "airport"), 0.4)
        rooms = draw.count(105, 0.6, 12)
        stars = draw.pick((3.0, 4.0, 3.5, 2.5, 4.5, 2.0, 5.0), 0.3)
        weekday = draw.amount(PRICE[district] * stars / 3.2, 0.25, 5)
        rows.append(
            {
                "hotel_id": number,
                "name": name,
                "district": district,
                "room_count": rooms,
                "suite_count": round(rooms * draw.factor(0.02, 0.28)),
                "weekday_rate": weekday,
                "weekend_rate": stepped(weekday * draw.factor(0.7, 1.6), 5),
                "official_grade": stars,
                "guest_grade": min(9.8, stepped(draw.normal(5.4 + 0.5 * stars, 1.1), 0.1)),
            }
        )
    draw.blank(rows, suite_count=0.05, weekend_rate=0.03, official_grade=0.05)
    return rows


def guests(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 130), 1):
        first = draw.day("2012-01-01", "2023-09-30")
        points = draw.amount(2_600, 1.0, 10)
        rows.append(
            {
                "guest_id": number,
                "name": name,
                "segment": draw.pick(("leisure", "business", "family", "group"), 0.8),
                "loyalty_points": int(points),
                "bonus_points": int(stepped(points * draw.factor(0.02, 0.6), 5)),
                "first_stay": first,
                "last_stay": draw.until(first, "2024-01-31", 0.6),
            }
        )
    draw.blank(rows, segment=0.05, bonus_points=0.07, last_stay=0.03)
    return rows


def bookings(draw: Draw, hotels: list[Row], guests: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 331):
        hotel = draw.pick(hotels, 0.6)
        guest = draw.pick(guests, 0.5)
        nights = draw.count(3, 0.7, 1)
        changed = draw.pick((-1, 1, 0, -2, 2), 0.3)
        rows.append(
            {
                "booking_id": number,
                "hotel_id": hotel["hotel_id"],
                "guest_id": guest["guest_id"],
                "source": draw.pick(("web", "agency", "direct"), 0.7),
                "room_charge": round(nights * hotel["weekday_rate"] * draw.factor(0.8, 1.25), 2),
                "extras_charge": draw.amount(70, 0.9, 0.5),
                "booked_nights": nights,
                "used_nights": max(0, nights + changed),
                "made_on": draw.within("2019-09-01", "2023-12-31", guest["first_stay"], lean=0.8),
            }
        )
    draw.blank(rows, source=0.02, extras_charge=0.06, used_nights=0.04)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    hotel, guest = hotels(draw), guests(draw)
    return {"hotel": hotel, "guest": guest, "booking": bookings(draw, hotel, guest)}
