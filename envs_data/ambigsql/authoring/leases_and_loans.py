"""Lending of a finance group: regions, borrowers, guarantors, leases, instalments, and loans as they are recorded."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped

AREAS = {
    "Asia Pacific": "Bengal|Coral|Deccan|Hokkaido|Java|Mekong|Tasman|漢江",
    "EMEA": "Adriatic|Aegean|Baltic|Benelux|Cape|Côte d’Azur|Iberian|Maghreb|Nile Delta|Rhine|Saxon|Thames",
    "Latin America": "Andes|Bahía|Pampas|Patagonia|Yucatán",
    "North America": "Atlantic|Dakota|Great Lakes|Gulf|Prairie|Québec|Sierra",
}
PARTS = ("North", "South", "Upper", "Lower", "Outer")
WORKS = {
    "energy": "Biogas|Hydro Works|Pellets|Solar Roofs",
    "farming": "Barley Fields|Dairy|Grain Mills|Orchards|Seed Works|Vineyards",
    "health": "Care Homes|Dental Labs|Imaging|Pharma Supply|Physiotherapy|Rescue",
    "media": "Broadcasting|Film Studios|Games|News Press|Printing House|Records",
    "transport": "Bus Lines|Couriers|Ferries|Haulage|Rail Freight|Taxi Fleet",
}
SECTORS = ("transport", "energy", "media", "farming", "health")
FOUNDERS = listed(
    "Abbott|Blackwood|Calloway|Dúbravka|Ellsworth|Fairfax|Gérard|Hollis|Ingram|Jourdain|Kestrel|Lachance|"
    "Merriweather|Norrington|O’Malley|Pemberton|Quill|Ravensworth|Selwyn|Thorne|Underhill|Vandermeer|Whitlock|"
    "Crown £"
)
BACKERS = ("Bürgen", "Harbour", "Ironbark", "Lodestone", "Old Mint", "Pilgrim’s", "Rampart", "Saint Éloi", "Tollgate")
BACKED_BY = ("Guaranty", "Holding", "Indemnity", "Mutual", "Savings Bank", "Surety", "Trust")
SIZE = {
    "farm building": 340_000,
    "new equipment": 190_000,
    "office building": 520_000,
    "used equipment": 90_000,
    "working capital": 150_000,
}
YEARS = {"building": (10, 25), "equipment": (3, 9), "capital": (1, 6)}


def regions(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    places = [(zone, f"{part} {area}") for zone, areas in AREAS.items() for area in areas.split("|") for part in PARTS]
    for number, (zone, name) in enumerate(draw.shuffled(places)[:56], 1):
        approved = draw.amount(760_000, 0.45, 5_000)
        rows.append(
            {
                "region_id": number,
                "name": name,
                "zone": zone,
                "approved_budget": approved,
                "spent_budget": stepped(approved * draw.factor(0.45, 1.3), 500),
            }
        )
    draw.blank(rows, spent_budget=0.05)
    return rows


def borrowers(draw: Draw, regions: list[Row]) -> list[Row]:
    rows: list[Row] = []
    works = [
        (sector, f"{who} {what}") for sector, names in WORKS.items() for what in names.split("|") for who in FOUNDERS
    ]
    for number, (sector, name) in enumerate(draw.shuffled(works)[:130], 1):
        credit = min(850, max(420, round(draw.normal(668, 82), -1)))
        rows.append(
            {
                "borrower_id": number,
                "name": name,
                "region_id": draw.pick(regions, 0.7)["region_id"],
                "main_sector": sector,
                "side_sector": draw.pick([s for s in SECTORS if s != sector], 0.5),
                "credit_score": int(credit),
                "internal_score": int(min(880, max(350, round(draw.normal(640 + 0.4 * (credit - 668), 75), -1)))),
                "annual_income": draw.amount(1_150_000, 0.8, 1_000),
            }
        )
    draw.blank(rows, side_sector=0.07, internal_score=0.06, annual_income=0.04)
    return rows


def guarantors(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(54, lambda: f"{draw.pick(BACKERS)} {draw.pick(BACKED_BY)}"), 1):
        rows.append({"guarantor_id": number, "name": name, "annual_income": draw.amount(6_200_000, 0.7, 10_000)})
    draw.blank(rows, annual_income=0.05)
    return rows


def loans(draw: Draw, borrowers: list[Row], guarantors: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 641):
        purpose = draw.pick(
            ("new equipment", "working capital", "office building", "used equipment", "farm building"), 0.4
        )
        signed = draw.day("2008-01-01", "2022-12-31", 0.8)
        initial = draw.amount(SIZE[purpose], 0.6, 1_000)
        unpaid = stepped(initial * draw.factor(0.08, 0.97), 50)
        impaired = draw.pick((1.0, draw.factor(0.2, 0.8), 0.0), 0.3)
        recorded = unpaid * draw.factor(0.88, 0.99)
        first, last = YEARS[purpose.split()[1]]
        rows.append(
            {
                "loan_id": number,
                "borrower_id": draw.pick(borrowers, 0.5)["borrower_id"],
                "guarantor_id": draw.pick(guarantors, 0.6)["guarantor_id"],
                "purpose": purpose,
                "investment_with_allowance": round(recorded * impaired, 2),
                "investment_without_allowance": round(recorded * (1 - impaired), 2),
                "unpaid_balance": unpaid,
                "initial_balance": initial,
                "signing_date": signed,
                "maturity_date": draw.later(signed, first * 365, last * 365),
            }
        )
    return rows


def leases(draw: Draw, borrowers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 261):
        signed = draw.day("2019-02-01", "2023-06-30", 0.9)
        rows.append(
            {
                "lease_id": number,
                "borrower_id": draw.pick(borrowers[::-1], 0.6)["borrower_id"],
                "unpaid_balance": draw.amount(46_000, 0.7, 100),
                "signing_date": signed,
                "maturity_date": draw.later(signed, 2 * 365, 6 * 365),
            }
        )
    draw.blank(rows, unpaid_balance=0.03)
    return rows


def instalments(draw: Draw, loans: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1801):
        loan = draw.pick(loans, 0.3)
        scheduled = stepped(loan["initial_balance"] * draw.factor(0.008, 0.03), 10)
        due = draw.within("2019-07-01", "2023-10-31", draw.later(loan["signing_date"], 30, 90))
        rows.append(
            {
                "instalment_id": number,
                "loan_id": loan["loan_id"],
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


def record(draw: Draw, borrowers: list[Row], guarantors: list[Row], loans: list[Row]) -> None:
    """Figures from the credit bureau: they hold loans repaid before the data, and come a closing late."""
    held, backed = Counter(loan["borrower_id"] for loan in loans), Counter(loan["guarantor_id"] for loan in loans)
    lent: Counter[int] = Counter()
    for loan in loans:
        lent[loan["borrower_id"]] += loan["initial_balance"]
    for borrower in borrowers:
        repaid = 0 if draw.chance(0.18) else draw.count(3, 0.7)
        borrower["loan_count"] = held[borrower["borrower_id"]] + repaid
        borrower["borrowed_total"] = stepped(lent[borrower["borrower_id"]] + repaid * draw.amount(160_000, 0.5), 1_000)
    for guarantor in guarantors:
        guarantor["loan_count"] = round(backed[guarantor["guarantor_id"]] * draw.factor(0.6, 1.0))
    draw.blank(borrowers, borrowed_total=0.03)
    draw.blank(loans, investment_without_allowance=0.04, unpaid_balance=0.02, maturity_date=0.03)


def tables(draw: Draw) -> dict[str, list[Row]]:
    region = regions(draw)
    borrower, guarantor = borrowers(draw, region), guarantors(draw)
    loan, lease = loans(draw, borrower, guarantor), leases(draw, borrower)
    record(draw, borrower, guarantor, loan)
    return {
        "region": region,
        "borrower": borrower,
        "guarantor": guarantor,
        "loan": loan,
        "lease": lease,
        "instalment": instalments(draw, loan),
    }
