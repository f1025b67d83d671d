"""An airline: the airports it serves, its planes, their flights."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

CITIES = {
    "africa": "Abenor|Bamlaka|Djenkara|Kisumane|Lalibe|Mopané|Nampora|Tambara|Zerouala|Wadi Serra|N’Goma|Lusenga",
    "america": "Arroyo Seco|Belmonte|Cayo Largo|Fort Aldous|Great Fork|Lake Tansy|Aurel|Santa Évora|Tumaca|Val Ours",
    "asia": "Anshiro|Bayan Tal|Chandrapet|Hanlong 漢|Kotabaru|Minahara|Phu Lam|Shirvan|Takamori|Vellore Hills",
    "europe": "Aarlund|Brașta|Côte Blanche|Dunmoor|Eisenfeld|Lisarro|Montclair|Odrava|Saint-Rémy|Torvik|Zelenów",
}
LETTERS = "ABCDEFGHIKLMNOPRSTUVWXYZ"
PREFIX = {"africa": "FH", "america": "KC", "asia": "VR", "europe": "EL"}
BIRDS = listed(
    "Avocet|Bittern|Condor|Dunlin|Egret|Fulmar|Gannet|Harrier|Jacana|Kestrel|Lapwing|Merlin|Nightjar|Oriole|"
    "Petrel|Quetzal|Redstart|Sandpiper|Teal|Wagtail"
)
SPIRITS = ("Bold", "Gentle", "Noble", "Lucky", "Amélie’s", "Royal")
CABIN = {"airbus": 158, "boeing": 178, "embraer": 94}


def airports(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    cities = [(continent, city) for continent, names in CITIES.items() for city in names.split("|")]
    codes = draw.distinct(len(cities), lambda: "".join(draw.pick(LETTERS) for _ in range(3)))
    for number, ((continent, city), code) in enumerate(zip(draw.shuffled(cities), codes, strict=True), 1):
        longest = int(stepped(draw.normal(3_050, 480), 10))
        summer = draw.amount(520, 0.8, 1)
        rows.append(
            {
                "airport_id": number,
                "name": city,
                "continent": continent,
                "iata_code": code,
                "icao_code": draw.pick(PREFIX[continent]) + draw.pick("BDGP") + draw.pick(LETTERS) + draw.pick(LETTERS),
                "longest_runway": longest,
                "shortest_runway": int(stepped(longest * draw.factor(0.4, 0.98), 10)),
                "summer_traffic": summer,
                "winter_traffic": round(summer * draw.factor(0.15, 1.3)),
            }
        )
    draw.blank(rows, iata_code=0.04, shortest_runway=0.05, winter_traffic=0.05)
    return rows


def planes(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(72, lambda: f"{draw.pick(SPIRITS)} {draw.pick(BIRDS)}"), 1):
        maker = draw.pick(("airbus", "boeing", "embraer"), 0.4)
        ferry = draw.amount(6_400, 0.3, 50)
        flew = draw.day("1996-01-01", "2019-12-31", 0.7)
        rows.append(
            {
                "plane_id": number,
                "name": name,
                "maker": maker,
                "economy_seats": draw.count(CABIN[maker], 0.2, 50),
                "business_seats": draw.count(20, 0.6, 4),
                "ferry_range": int(ferry),
                "loaded_range": int(stepped(ferry * draw.factor(0.45, 0.85), 10)),
                "first_flight": flew,
                "last_overhaul": draw.until(max(flew, draw.day("2015-01-01", "2016-01-01")), "2023-10-31"),
            }
        )
    draw.blank(rows, business_seats=0.06, loaded_range=0.04, last_overhaul=0.05)
    return rows


def flights(draw: Draw, planes: list[Row], airports: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 351):
        delay = round(draw.amount(13, 1.1, 1)) - 6
        cabin = draw.amount(900, 0.4, 5)
        rows.append(
            {
                "flight_id": number,
                "plane_id": draw.pick(planes, 0.5)["plane_id"],
                "airport_id": draw.pick(airports, 0.6)["airport_id"],
                "haul": draw.pick(("regional", "domestic", "transatlantic"), 0.6),
                "flown_on": draw.day("2020-03-01", "2023-11-30", 0.7),
                "departure_delay": delay,
                "arrival_delay": delay + round(draw.normal(3, 13)),
                "checked_baggage": stepped(cabin * draw.factor(0.8, 4.5), 5),
                "cabin_baggage": cabin,
            }
        )
    draw.blank(rows, haul=0.03, arrival_delay=0.04, cabin_baggage=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    airport, plane = airports(draw), planes(draw)
    return {"airport": airport, "plane": plane, "flight": flights(draw, plane, airport)}
