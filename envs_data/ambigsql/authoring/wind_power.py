"""Wind farms: sites, turbines, daily production records, repairs, inspections."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

HEATHS = listed(
    "Arran|Baile Môr|Corrie|Crête d’Or|Dunnet|Eyrie|Fallow|Gorsedd|Hallin|Inver|Jura|Kelpie|Loosh|Machair|Nether|"
    "Ormsa|Pell’s|Raasay|Skerry|Torran|Ulva|Vatersay|Whin|漢山"
)
LANDS = ("Bank", "Heath", "Knoll", "Moor", "Point", "Rise")
MYTHS = listed(
    "Aeolus|Boreas|Calypso|Daphne|Electra|Fáfnir|Galatea|Helios|Iris|Juno|Kaikias|Lyra|Minos|Notos|Oberon|"
    "Perseus|Rhéa|Selene|Triton|Urania|Vulcan|Zephyros|Luna"
)
NOISE = {"coast": 46, "forest": 43, "offshore": 50, "ridge": 45}
WINDS = ("west", "south", "north", "east")
STRENGTH = {"west": 1.3, "south": 0.8, "north": 1.1, "east": 0.6}
PARTS = ("gearbox", "blade", "brake", "cable", "sensor")
COST = {"gearbox": 5_200, "blade": 3_900, "brake": 900, "cable": 650, "sensor": 300}


def sites(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(58, lambda: f"{draw.pick(HEATHS)} {draw.pick(LANDS)}"), 1):
        terrain = draw.pick(("ridge", "forest", "coast", "offshore"), 0.3)
        nominal = draw.amount(105 if terrain == "offshore" else 58, 0.6, 0.5)
        day = stepped(draw.normal(NOISE[terrain], 3.5), 0.5)
        rows.append(
            {
                "site_id": number,
                "name": name,
                "terrain": terrain,
                "nominal_power": nominal,
                "peak_power": stepped(nominal * draw.factor(1.05, 2.3), 0.5),
                "day_noise": day,
                "night_noise": stepped(day - draw.normal(4.5, 3.5), 0.5),
                "connected_on": draw.day("2003-01-01", "2018-12-31", 0.7),
                "turbine_count": 0,
            }
        )
    draw.blank(rows, terrain=0.04, peak_power=0.05, night_noise=0.06)
    return rows


def turbines(draw: Draw, sites: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(134, lambda: f"{draw.pick(MYTHS)} {draw.between(1, 9)}"), 1):
        site = draw.pick(sites, 0.45)
        hub = stepped(draw.normal(101, 17), 0.5)
        rows.append(
            {
                "turbine_id": number,
                "name": name,
                "site_id": site["site_id"],
                "nominal_power": draw.pick((3.0, 2.0, 4.2, 2.3, 5.6, 3.6, 8.0), 0.6),
                "hub_height": hub,
                "tip_height": hub + stepped(draw.normal(56, 15), 0.5),
                "connected_on": draw.until(site["connected_on"], "2020-11-30", 1.6),
                "repair_count": 0,
                "repair_spending": 0.0,
            }
        )
    draw.blank(rows, nominal_power=0.03, tip_height=0.03)
    return rows


def production(draw: Draw, turbines: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_341):
        morning = draw.pick(WINDS, 0.5)
        forecast = draw.amount(24 * STRENGTH[morning], 0.4, 0.1)
        turbine = draw.pick(turbines, 0.4)
        rows.append(
            {
                "production_id": number,
                "turbine_id": turbine["turbine_id"],
                "recorded_on": draw.within("2019-01-01", "2023-12-31", turbine["connected_on"]),
                "morning_wind": morning,
                "evening_wind": draw.pick([w for w in WINDS if w != morning], 0.3) if draw.chance(0.84) else morning,
                "forecast_output": forecast,
                "metered_output": stepped(forecast * draw.factor(0.45, 1.2), 0.1),
                "wake_loss": draw.amount(2.2, 0.7, 0.1),
                "grid_loss": draw.amount(1.1, 0.7, 0.1),
            }
        )
    draw.blank(rows, evening_wind=0.03, metered_output=0.05, grid_loss=0.03)
    return rows


def repairs(draw: Draw, turbines: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 641):
        turbine = draw.pick(turbines, 0.5)
        replaced = draw.pick(PARTS, 0.3)
        reported = draw.within("2019-02-01", "2023-10-31", turbine["connected_on"], lean=0.8)
        rows.append(
            {
                "repair_id": number,
                "turbine_id": turbine["turbine_id"],
                "reported_part": replaced if draw.chance(0.35) else draw.pick(("sensor", *PARTS[:4]), 0.3),
                "replaced_part": replaced,
                "report_date": reported,
                "visit_date": draw.later(reported, 1, 90, 2.0),
                "crew_hours": draw.amount(7, 0.7, 0.5),
                "cost": draw.amount(COST[replaced], 0.6, 10),
            }
        )
    draw.blank(rows, reported_part=0.04, visit_date=0.02, cost=0.03)
    return rows


def inspections(draw: Draw, turbines: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 381):
        turbine = draw.pick(turbines)
        rows.append(
            {
                "inspection_id": number,
                "turbine_id": turbine["turbine_id"],
                "visit_date": draw.within("2019-02-01", "2023-10-31", turbine["connected_on"], lean=0.9),
                "crew_hours": draw.amount(3.2, 0.4, 0.5),
                "cost": draw.amount(240, 0.35, 10),
            }
        )
    draw.blank(rows, crew_hours=0.03)
    return rows


def keep_files(draw: Draw, sites: list[Row], turbines: list[Row], repairs: list[Row]) -> None:
    """A site's file counts planned and dismantled turbines; a turbine's goes back to its warranty years."""
    for site in sites:
        standing = sum(turbine["site_id"] == site["site_id"] for turbine in turbines)
        site["turbine_count"] = max(1, standing + draw.pick((1, 2, 0, -1, 3), 0.4))
    for turbine in turbines:
        done = [repair for repair in repairs if repair["turbine_id"] == turbine["turbine_id"]]
        turbine["repair_count"] = max(0, len(done) + draw.pick((1, 2, 0, -1, 4), 0.4))
        spent = sum(repair["cost"] or 0 for repair in done)
        turbine["repair_spending"] = stepped(spent * draw.factor(0.85, 1.3) + 300, 50)
    draw.blank(turbines, repair_count=0.04)


def tables(draw: Draw) -> dict[str, list[Row]]:
    site = sites(draw)
    turbine = turbines(draw, draw.shuffled(site))
    repair = repairs(draw, draw.shuffled(turbine))
    keep_files(draw, site, turbine, repair)
    return {
        "site": site,
        "turbine": turbine,
        "production": production(draw, draw.shuffled(turbine)),
        "repair": repair,
        "inspection": inspections(draw, turbine),
    }
