"""Lending of a finance group: sales regions, borrowers, contracts with their recorded investment, instalments."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

AREAS = {
    "emea": "Adriatic|Aegean|Baltic|Benelux|Cape|Côte d’Azur|Iberian|Maghreb|Nile Delta|Rhine|Saxon|Thames",
    "americas": "Andes|Atlantic|Bahía|Dakota|Great Lakes|Gulf|Pampas|Prairie|Québec|Sierra|Yucatán",
    "asia_pacific": "Bengal|Coral|Deccan|Hokkaido|Java|Mekong|Tasman|漢江",
}
PARTS = ("North", "South", "Upper", "Lower", "Outer")
WORKS = {
    "farming": "Barley Fields|Dairy|Grain Mills|Orchards|Seed Works|Vineyards",
    "health": "Care Homes|Dental Labs|Imaging|Pharma Supply|Physiotherapy|Rescue",
    "media": "Broadcasting|Film Studios|Games|News Press|Printing House|Records",
    "transport": "Bus Lines|Couriers|Ferries|Haulage|Rail Freight|Taxi Fleet",
}
FOUNDERS = listed(
    "Abbott|Blackwood|Calloway|Dúbravka|Ellsworth|Fairfax|Gérard|Hollis|Ingram|Jourdain|Kestrel|Lachance|"
    "Merriweather|Norrington|O’Malley|Pemberton|Quill|Ravensworth|Sainsbury|Thorne|Underhill|Vandermeer|Whitlock|"
    "Crown £"
)
SIZE = {"lease": 120_000, "loan": 220_000, "mortgage": 480_000}
YEARS = {"lease": (2, 8), "loan": (3, 12), "mortgage": (10, 25)}


def regions(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    places = [(zone, f"{part} {area}") for zone, areas in AREAS.items() for area in areas.split("|") for part in PARTS]
    for number, (zone, name) in enumerate(draw.shuffled(places)[:44], 1):
        approved = draw.amount(760_000, 0.45, 5_000)
        rows.append(
            {
                "region_id": number,
                "name": name,
                "zone": zone,
                "approved_budget": approved,
                "spent_budget": stepped(approved * draw.factor(0.55, 1.2), 500),
                "staff_count": draw.count(30, 0.5, 4),
            }
        )
    draw.blank(rows, spent_budget=0.05, staff_count=0.03)
    return rows


def borrowers(draw: Draw, regions: list[Row]) -> list[Row]:
    rows: list[Row] = []
    works = [
        (sector, f"{who} {what}") for sector, names in WORKS.items() for what in names.split("|") for who in FOUNDERS
    ]
    for number, (sector, name) in enumerate(draw.shuffled(works)[:110], 1):
        credit = min(850, max(420, round(draw.normal(668, 82), -1)))
        rows.append(
            {
                "borrower_id": number,
                "name": name,
                "region_id": draw.pick(regions, 0.7)["region_id"],
                "sector": sector,
                "credit_score": int(credit),
                "internal_score": min(98, max(8, round(draw.normal(48 + (credit - 668) / 12, 16)))),
                "annual_income": draw.amount(1_150_000, 0.8, 1_000),
                "founded_on": draw.day("1961-01-01", "2017-12-31", 0.7),
            }
        )
    draw.blank(rows, sector=0.03, internal_score=0.06, annual_income=0.04)
    return rows


def contracts(draw: Draw, borrowers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 181):
        kind = draw.pick(("loan", "lease", "mortgage"), 0.5)
        signed = draw.day("2008-01-01", "2022-12-31", 0.8)
        initial = draw.amount(SIZE[kind], 0.6, 1_000)
        unpaid = stepped(initial * draw.factor(0.08, 0.97), 50)
        impaired = draw.pick((1.0, draw.factor(0.2, 0.8), 0.0), 0.3)
        recorded = unpaid * draw.factor(0.88, 0.99)
        first, last = YEARS[kind]
        rows.append(
            {
                "contract_id": number,
                "borrower_id": draw.pick(borrowers, 0.5)["borrower_id"],
                "kind": kind,
                "investment_with_allowance": round(recorded * impaired, 2),
                "investment_without_allowance": round(recorded * (1 - impaired), 2),
                "unpaid_balance": unpaid,
                "initial_balance": initial,
                "signing_date": signed,
                "maturity_date": draw.later(signed, first * 365, last * 365),
            }
        )
    draw.blank(rows, investment_without_allowance=0.04, unpaid_balance=0.02, maturity_date=0.03)
    return rows


def instalments(draw: Draw, contracts: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 321):
        contract = draw.pick(contracts, 0.3)
        scheduled = stepped(contract["initial_balance"] * draw.factor(0.008, 0.03), 10)
        due = draw.until(draw.later(contract["signing_date"], 30, 90), "2023-10-31")
        rows.append(
            {
                "instalment_id": number,
                "contract_id": contract["contract_id"],
                "scheduled_payment": scheduled,
                "received_payment": round(
                    scheduled * draw.pick((1.02, 0.5, 0.75, 1.5), 0.6) * draw.factor(0.9, 1.0), 2
                ),
                "due_date": due,
                "receipt_date": draw.later(due, -30, 150),
            }
        )
    draw.blank(rows, received_payment=0.05, receipt_date=0.06)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    region = regions(draw)
    borrower = borrowers(draw, region)
    contract = contracts(draw, borrower)
    return {"region": region, "borrower": borrower, "contract": contract, "instalment": instalments(draw, contract)}
