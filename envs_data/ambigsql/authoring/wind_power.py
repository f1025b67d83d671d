"""Wind farms: sites, turbines, daily production records."""

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
STRENGTH = {"calm": 0.3, "rainy": 0.9, "icy": 0.8, "gusty": 1.5}


def sites(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(54, lambda: f"{draw.pick(HEATHS)} {draw.pick(LANDS)}"), 1):
        terrain = draw.pick(("ridge", "forest", "coast", "offshore"), 0.3)
        nominal = draw.amount(105 if terrain == "offshore" else 58, 0.6, 0.5)
        day = stepped(draw.normal(NOISE[terrain], 3.5), 0.5)
        rows.append(
            {
                "site_id": number,
                "name": name,
                "terrain": terrain,
                "ownership": draw.pick(("private", "cooperative", "municipal"), 0.7),
                "nominal_power": nominal,
                "peak_power": stepped(nominal * draw.factor(1.05, 2.3), 0.5),
                "day_noise": day,
                "night_noise": stepped(day - draw.normal(4.5, 3.5), 0.5),
                "connected_on": draw.day("2003-01-01", "2018-12-31", 0.7),
            }
        )
    draw.blank(rows, ownership=0.04, peak_power=0.05, night_noise=0.06)
    return rows


def turbines(draw: Draw, sites: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(130, lambda: f"{draw.pick(MYTHS)} {draw.between(1, 9)}"), 1):
        hub = stepped(draw.normal(101, 17), 0.5)
        serviced = draw.day("2019-01-01", "2023-09-30", 0.7)
        rows.append(
            {
                "turbine_id": number,
                "name": name,
                "site_id": draw.pick(sites, 0.6)["site_id"],
                "hub_height": hub,
                "tip_height": hub + stepped(draw.normal(56, 15), 0.5),
                "starting_speed": stepped(draw.normal(3.2, 0.4), 0.1),
                "stopping_speed": stepped(draw.normal(25, 1.8), 0.5),
                "serviced_on": serviced,
                "inspected_on": draw.later(serviced, 30, 900),
            }
        )
    draw.blank(rows, starting_speed=0.04, tip_height=0.03, inspected_on=0.06)
    return rows


def production(draw: Draw, turbines: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 391):
        weather = draw.pick(("gusty", "rainy", "calm", "icy"), 0.5)
        forecast = draw.amount(28 * STRENGTH[weather], 0.4, 0.1)
        rows.append(
            {
                "production_id": number,
                "turbine_id": draw.pick(turbines, 0.4)["turbine_id"],
                "weather": weather,
                "recorded_on": draw.day("2020-01-01", "2023-12-31"),
                "forecast_output": forecast,
                "metered_output": stepped(forecast * draw.factor(0.45, 1.2), 0.1),
                "wake_loss": draw.amount(2.2, 0.7, 0.1),
                "grid_loss": draw.amount(1.1, 0.7, 0.1),
                "icing_loss": draw.amount(2.4, 0.5, 0.1) if weather == "icy" else draw.pick((0.0, 0.1, 0.2), 1.5),
            }
        )
    draw.blank(rows, weather=0.03, metered_output=0.05, icing_loss=0.06)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    site = sites(draw)
    turbine = turbines(draw, site)
    return {"site": site, "turbine": turbine, "production": production(draw, turbine)}
