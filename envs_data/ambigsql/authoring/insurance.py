"""A small insurer: households and companies, their policies, and the claims on homes."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

COUNTIES = ("Ashdale", "Coldmere", "Drumlin", "Thornéy")
ADVISERS = ("Ada Keller", "Jonas Keller", "Mei Okafor", "Tariq Okafor", "René Dubois")
ADJUSTERS = ("Greta Novak", "Ivar Novak", "Dalia Rossi", "Hugo Rossi", "Edith Park")
TRADES = {
    "building": "Brickwork|Joinery|Masonry|Roofing|Scaffolds|Stoneworks",
    "catering": "Bakehouse|Bistro|Brasserie|Canteen|Kitchens|Tea Rooms",
    "crafts": "Ceramics|Glassworks|Looms|Potters|Printworks|Tannery",
    "transport": "Couriers|Ferries|Haulage|Minibuses|Movers|Vans",
}
OWNERS = listed(
    "Abbot’s|Blackthorn|Brückner|Cinder Hill|Delaney|Fairweather|Gallow Lane|Hollis & Daughter|Kestrel|Lamb’s|"
    "Marrow & Sons|Northgate|Pemberley|Quince|Rookery|St. Aubin’s|Tolliver|Underwood|Wren & Wren|Yarrow"
)
TURNOVER = {"building": 640, "catering": 310, "crafts": 170, "transport": 820}
PREMIUM = {"basic": 210, "standard": 340, "comfort": 520, "heritage": 980}


def households(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 60), 1):
        home = draw.pick(COUNTIES, 0.5)
        declared = draw.amount(46_000, 0.45, 500)
        rows.append(
            {
                "household_id": number,
                "name": name,
                "home_county": home,
                "work_county": draw.pick([c for c in COUNTIES if c != home]) if draw.chance(0.87) else home,
                "declared_income": declared,
                "verified_income": stepped(declared * draw.factor(0.4, 1.3), 500),
                "policy_count": 0,
                "joined_on": draw.day("1996-02-01", "2019-11-30", 0.7),
            }
        )
    return rows


def companies(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    shops = [(sector, f"{owner} {trade}") for sector, t in TRADES.items() for trade in t.split("|") for owner in OWNERS]
    for number, (sector, name) in enumerate(draw.shuffled(shops)[:56], 1):
        domestic = draw.amount(TURNOVER[sector], 0.7, 10)
        rows.append(
            {
                "company_id": number,
                "name": name,
                "sector": sector,
                "domestic_turnover": domestic,
                "export_turnover": stepped(domestic * draw.factor(0.02, 1.1), 10),
                "policy_count": 0,
                "joined_on": draw.day("1999-06-01", "2019-12-31", 0.8),
            }
        )
    return rows


def home_policies(draw: Draw, households: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 263):
        household = draw.pick(households, 0.2)
        plan = draw.pick(("standard", "basic", "comfort", "heritage"), 0.7)
        gross = draw.amount(PREMIUM[plan], 0.3, 1)
        start = draw.within("2014-01-01", "2022-10-31", household["joined_on"], lean=0.9)
        rows.append(
            {
                "home_policy_id": number,
                "household_id": household["household_id"],
                "adviser": draw.pick(ADVISERS, 0.35),
                "plan": plan,
                "gross_premium": gross,
                "net_premium": round(gross * draw.factor(0.6, 0.94), 2),
                "deductible": draw.pick((150, 300, 500, 750, 1000), 0.5),
                "repair_total": 0,
                "start_date": start,
                "renewal_date": draw.until(draw.later(start, 365, 365), "2025-09-30", 0.8),
            }
        )
    return rows


def business_policies(draw: Draw, companies: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 169):
        company = draw.pick(companies, 0.4)
        fire = draw.amount(240_000, 0.7, 5_000)
        rows.append(
            {
                "business_policy_id": number,
                "company_id": company["company_id"],
                "adviser": draw.pick(ADVISERS[::-1], 0.3),
                "fire_cover": fire,
                "theft_cover": stepped(fire * draw.factor(0.1, 1.2), 2_500),
                "deductible": draw.pick((1000, 500, 2500, 5000), 0.5),
                "start_date": draw.within("2019-08-01", "2024-05-31", company["joined_on"], lean=0.8),
            }
        )
    return rows


def claims(draw: Draw, policies: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 841):
        policy = draw.pick(policies, 0.3)
        bill = draw.amount(1_350, 0.9, 5)
        interim = stepped(bill * draw.factor(0.05, 0.6), 5)
        rows.append(
            {
                "claim_id": number,
                "home_policy_id": policy["home_policy_id"],
                "household_id": policy["household_id"],
                "adjuster": draw.pick(ADJUSTERS, 0.3),
                "repair_bill": bill,
                "interim_payout": interim,
                "final_payout": stepped(max(0.05, 0.95 * draw.unit() ** 0.6) * bill, 5),
                "reported_on": draw.within("2019-09-01", "2024-04-30", policy["start_date"], lean=0.9),
            }
        )
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    household, company = households(draw), companies(draw)
    home, business = home_policies(draw, household), business_policies(draw, company)
    claim = claims(draw, home)
    # Figures on record come from an older system: some policies and repairs lie before the first one here.
    held = Counter(row["household_id"] for row in home)
    for row in household:
        row["policy_count"] = held[row["household_id"]] + (0 if draw.chance(0.2) else draw.count(2.4, 0.7, 1))
    held = Counter(row["company_id"] for row in business)
    for row in company:
        row["policy_count"] = held[row["company_id"]] + (0 if draw.chance(0.25) else draw.count(1.8, 0.6, 1))
    for row in home:
        bills = sum(c["repair_bill"] for c in claim if c["home_policy_id"] == row["home_policy_id"])
        row["repair_total"] = bills + (0 if draw.chance(0.2) else draw.amount(620, 0.9, 20))
    draw.blank(household, work_county=0.04, verified_income=0.05, joined_on=0.02)
    draw.blank(company, export_turnover=0.07, policy_count=0.03)
    draw.blank(home, net_premium=0.03, renewal_date=0.06, repair_total=0.02)
    draw.blank(business, theft_cover=0.05, adviser=0.03)
    draw.blank(claim, adjuster=0.02, final_payout=0.08, reported_on=0.03)
    return {"household": household, "company": company, "home_policy": home, "business_policy": business,
            "claim": claim}  # fmt: skip
