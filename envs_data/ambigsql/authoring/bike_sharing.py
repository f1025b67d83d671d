"""Bikes and scooters that a city shares: stations, vehicles with nicknames, riders, and their rides."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

CORNERS = listed(
    "Aquarium|Bakers’|Basin|Bell Tower|Café|Chestnut|Clockmakers’|Fountain|Glassworks|Hospital|Lido|Lock|Museum|"
    "Observatory|Opera|Pier|Planetarium|Ropewalk|Tram Loop|Viaduct"
)
STOPS = ("Arcade", "Corner", "Gate", "Green", "Landing", "Steps")
TEMPERS = listed(
    "Bashful|Brave|Clever|Dizzy|Fiery|Gentle|Humble|Jolly|Lucky|Nimble|Olé|Proud|Rapid|Rusty|Sleepless|Sunny|Wild"
)
BEASTS = listed("Badger|Comet|Dragonfly|Falcon|Ferret|Gecko|Heron|Lynx|Magpie|Moth|Newt|Otter|Pony|Swift|Tortoise|漢馬")
SPARKS = ("Amp", "Buzz", "Crackle", "Fizz", "Hum", "Joule", "Ohm", "Volt", "Whirr", "Zap")
DISTRICTS = ("Castle", "Docks", "Riverside", "Hillside", "Market")
WORKSHOPS = ("Canal Yard", "Tramshed", "Canal Arches", "Depot Nine")


def stations(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(56, lambda: f"{draw.pick(CORNERS)} {draw.pick(STOPS)}"), 1):
        day = draw.count(64, 0.6, 4)
        rows.append(
            {
                "station_id": number,
                "name": name,
                "day_demand": day,
                "night_demand": max(1, round(draw.count(21, 0.7, 1) * (day / 64) ** 0.4)),
                "power_bill": draw.amount(310, 0.5, 5),
                "cleaning_bill": draw.amount(240, 0.6, 5),
                "bike_count": 0,
            }
        )
    return rows


def bikes(draw: Draw, stations: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(126, lambda: f"{draw.pick(TEMPERS)} {draw.pick(BEASTS)}"), 1):
        bought = draw.day("2013-03-01", "2021-10-31", 0.8)
        worn = draw.count(38, 0.5, 2)
        rows.append(
            {
                "bike_id": number,
                "name": name,
                "station_id": draw.pick(stations, 0.4)["station_id"],
                "workshop": draw.pick(WORKSHOPS, 0.5),
                "tyre_wear": min(98, worn),
                "brake_wear": min(97, max(1, round(worn * draw.factor(0.3, 1.5)))),
                "purchase_date": bought,
                "service_date": draw.until(bought, "2023-11-15", 0.7),
                "ride_count": 0,
            }
        )
    return rows


def scooters(draw: Draw, stations: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(58, lambda: f"{draw.pick(SPARKS)} {draw.between(2, 29)}"), 1):
        rows.append(
            {
                "scooter_id": number,
                "name": name,
                "station_id": draw.pick(stations, 0.6)["station_id"],
                "workshop": draw.pick(WORKSHOPS[::-1], 0.3),
                "tyre_wear": min(95, draw.count(29, 0.6, 1)),
            }
        )
    draw.blank(rows, tyre_wear=0.05)
    return rows


def riders(draw: Draw) -> list[Row]:
    return [
        {
            "rider_id": number,
            "name": name,
            "paid_credit": draw.amount(24, 0.8, 0.5),
            "gift_credit": draw.amount(9, 0.9, 0.5),
            "minute_total": 0,
        }
        for number, name in enumerate(people(draw, 60), 1)
    ]


def bike_rides(draw: Draw, bikes: list[Row], riders: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_861):
        bike = draw.pick(bikes, 0.5)
        start = draw.pick(DISTRICTS, 0.5)
        tracked = draw.amount(3.4, 0.6, 0.1)
        rows.append(
            {
                "bike_ride_id": number,
                "bike_id": bike["bike_id"],
                "rider_id": draw.pick(riders, 0.6)["rider_id"],
                "start_district": start,
                "end_district": draw.pick([d for d in DISTRICTS[::-1] if d != start], 0.4)
                if draw.chance(0.88)
                else start,
                "ridden_on": draw.within("2019-02-01", "2023-11-30", bike["purchase_date"], lean=0.9),
                "minutes": max(2, round(tracked * draw.factor(3.0, 11.0))),
                "tracked_distance": tracked,
                "billed_distance": stepped(tracked * draw.factor(0.55, 1.5), 0.1),
            }
        )
    draw.blank(rows, end_district=0.02, minutes=0.02, billed_distance=0.04)
    return rows


def scooter_rides(draw: Draw, scooters: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 701):
        rows.append(
            {
                "scooter_ride_id": number,
                "scooter_id": draw.pick(scooters, 0.5)["scooter_id"],
                "start_district": draw.pick(("Market", "Docks", "Castle", "Riverside", "Hillside"), 0.7),
                "ridden_on": draw.day("2019-05-01", "2023-10-31", 0.8),
                "tracked_distance": draw.amount(1.9, 0.5, 0.1),
            }
        )
    draw.blank(rows, start_district=0.03, tracked_distance=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    station, rider = stations(draw), riders(draw)
    bike, scooter = bikes(draw, station), scooters(draw, station)
    ride, hop = bike_rides(draw, bike, rider), scooter_rides(draw, scooter)
    minutes: Counter = Counter()
    for row in ride:
        minutes[row["rider_id"]] += row["minutes"] or 0
    draw.record(station, "bike_count", "station_id", Counter(row["station_id"] for row in bike), 0.8, 1.15, 4)
    draw.record(bike, "ride_count", "bike_id", Counter(row["bike_id"] for row in ride), 0.7, 1.15, 5)
    draw.record(rider, "minute_total", "rider_id", minutes, 0.75, 1.15, 120)
    draw.blank(station, night_demand=0.05, power_bill=0.04)
    draw.blank(bike, brake_wear=0.04, service_date=0.06, ride_count=0.03)
    draw.blank(rider, gift_credit=0.07, minute_total=0.03)
    return {
        "station": station,
        "bike": bike,
        "scooter": scooter,
        "rider": rider,
        "bike_ride": ride,
        "scooter_ride": hop,
    }
