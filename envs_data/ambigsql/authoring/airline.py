"""An airline: the airports it serves, its airliners and freighters, their flights."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

CITIES = listed(
    "Abenor|Bamlaka|Djenkara|Kisumane|Lalibe|Mopané|Nampora|Tambara|Zerouala|Wadi Serra|N’Goma|Lusenga|"
    "Arroyo Seco|Belmonte|Cayo Largo|Fort Aldous|Great Fork|Lake Tansy|Aurel|Santa Évora|Tumaca|Val Ours|"
    "Anshiro|Bayan Tal|Chandrapet|Hanlong 漢|Kotabaru|Minahara|Phu Lam|Shirvan|Takamori|Vellore Hills|"
    "Aarlund|Brașta|Côte Blanche|Dunmoor|Eisenfeld|Lisarro|Montclair|Odrava|Saint-Rémy|Torvik|Zelenów|"
    "Ashmere|Beaulune|Caldry|Esterhavn|Fjellnes|Gorlitsa|Hvalvik|Ivreya|Jasenov|Korpela|Puerto Zinc|Qamar|"
    "Rosarita|Samburi|Uljanica|Westering|Yarrabee"
)
BIRDS = listed(
    "Avocet|Bittern|Condor|Dunlin|Egret|Fulmar|Gannet|Harrier|Jacana|Kestrel|Lapwing|Merlin|Nightjar|Oriole|"
    "Petrel|Quetzal|Redstart|Sandpiper|Teal|Wagtail"
)
SPIRITS = ("Bold", "Gentle", "Noble", "Lucky", "Amélie’s", "Royal")
BEASTS = ("Badger", "Bison", "Buffalo", "Camel", "Donkey", "Mammoth", "Mule", "Ox", "Rhino", "Walrus", "Yak")
MOODS = ("Iron", "Patient", "Grey", "Steady", "Tireless", "Granny’s")
MAKERS = ("Norvane", "Tessier", "Kolbrun", "Aerolux")
CABIN = {"Norvane": 178, "Tessier": 158, "Kolbrun": 94, "Aerolux": 210}
WEATHER = ("clear", "rain", "fog", "snow", "storm")


def airports(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, city in enumerate(draw.shuffled(CITIES), 1):
        longest = int(stepped(draw.normal(3_050, 480), 10))
        summer = draw.count(520, 0.8, 20)
        rows.append(
            {
                "airport_id": number,
                "name": city,
                "setting": draw.pick(("lowland", "coastal", "mountain", "island"), 0.5),
                "longest_runway": longest,
                "shortest_runway": int(stepped(longest * draw.factor(0.4, 0.98), 10)),
                "summer_traffic": summer,
                "winter_traffic": round(summer * draw.factor(0.15, 1.3)),
                "cargo_landings": 0,
            }
        )
    draw.blank(rows, setting=0.03, shortest_runway=0.05, winter_traffic=0.05)
    return rows


def airliners(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(76, lambda: f"{draw.pick(SPIRITS)} {draw.pick(BIRDS)}"), 1):
        frame = draw.pick(MAKERS, 0.4)
        engine = frame if draw.chance(0.14) else draw.pick([maker for maker in MAKERS if maker != frame], 0.3)
        rows.append(
            {
                "airliner_id": number,
                "name": name,
                "frame_maker": frame,
                "engine_maker": engine,
                "economy_capacity": draw.count(CABIN[frame], 0.2, 50),
                "business_capacity": draw.count(20, 0.6, 4),
                "delivery_date": draw.day("1996-01-01", "2018-12-31", 0.7),
                "flight_count": 0,
                "fuel_total": 0.0,
            }
        )
    draw.blank(rows, engine_maker=0.03, business_capacity=0.06)
    return rows


def freighters(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(54, lambda: f"{draw.pick(MOODS)} {draw.pick(BEASTS)}"), 1):
        ferry = draw.amount(6_400, 0.3, 50)
        rows.append(
            {
                "freighter_id": number,
                "name": name,
                "engine_maker": draw.pick(("Tessier", "Aerolux", "Norvane", "Kolbrun"), 0.5),
                "ferry_range": int(ferry),
                "loaded_range": int(stepped(ferry * draw.factor(0.45, 0.85), 10)),
                "delivery_date": draw.day("1989-01-01", "2017-06-30", 0.8),
                "flight_count": 0,
            }
        )
    draw.blank(rows, loaded_range=0.04)
    return rows


def passenger_flights(draw: Draw, airliners: list[Row], airports: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_521):
        delay = round(draw.amount(13, 1.1, 1)) - 6
        start = draw.pick(WEATHER, 0.4)
        rows.append(
            {
                "passenger_flight_id": number,
                "airliner_id": draw.pick(airliners, 0.5)["airliner_id"],
                "airport_id": draw.pick(airports, 0.6)["airport_id"],
                "flight_date": draw.day("2019-03-01", "2023-11-30", 0.7),
                "departure_weather": start,
                "arrival_weather": draw.pick([w for w in WEATHER if w != start], 0.4) if draw.chance(0.83) else start,
                "departure_delay": delay,
                "arrival_delay": delay + round(draw.normal(3, 13)),
                "fuel_burn": draw.amount(9.2, 0.5, 0.1),
            }
        )
    draw.blank(rows, arrival_weather=0.03, arrival_delay=0.04, fuel_burn=0.02)
    return rows


def cargo_flights(draw: Draw, freighters: list[Row], airports: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 561):
        booked = draw.day("2019-03-01", "2023-10-31", 0.8)
        rows.append(
            {
                "cargo_flight_id": number,
                "freighter_id": draw.pick(freighters, 0.5)["freighter_id"],
                "airport_id": draw.pick(airports, 0.7)["airport_id"],
                "booking_date": booked,
                "flight_date": draw.later(booked, 2, 110, 1.3),
                "departure_weather": draw.pick(("rain", "clear", "fog", "storm", "snow"), 0.5),
                "fuel_burn": draw.amount(21, 0.4, 0.1),
            }
        )
    draw.blank(rows, departure_weather=0.04)
    return rows


def keep_logs(draw: Draw, rows: list[Row], key: str, column: str, flights: list[Row]) -> None:
    """Log books count flights of before the data too, and are closed some weeks before the last ones."""
    for row in rows:
        flown = sum(flight[key] == row[key] for flight in flights)
        row[column] = max(0, flown + draw.pick((1, 2, 0, -1, 4, 7, -2), 0.3))


def tables(draw: Draw) -> dict[str, list[Row]]:
    airport, airliner, freighter = airports(draw), airliners(draw), freighters(draw)
    flights = passenger_flights(draw, draw.shuffled(airliner), draw.shuffled(airport))
    cargo = cargo_flights(draw, draw.shuffled(freighter), draw.shuffled(airport))
    keep_logs(draw, airport, "airport_id", "cargo_landings", cargo)
    keep_logs(draw, airliner, "airliner_id", "flight_count", flights)
    keep_logs(draw, freighter, "freighter_id", "flight_count", cargo)
    for row in airliner:
        burnt = sum(flight["fuel_burn"] or 0 for flight in flights if flight["airliner_id"] == row["airliner_id"])
        row["fuel_total"] = stepped(burnt * draw.factor(0.9, 1.25) + 2, 0.5)
    draw.blank(freighter, flight_count=0.04)
    return {
        "airport": airport,
        "airliner": airliner,
        "freighter": freighter,
        "passenger_flight": flights,
        "cargo_flight": cargo,
    }
