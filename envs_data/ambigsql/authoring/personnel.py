"""An insurance company's people: teams, employees, applicants, payslips, expense claims."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

TOPICS = listed(
    "Accident|Actuarial|Broker|Cargo|Claims|Crop|Dental|Fleet|Fraud|Glass|Household|Legal|Liability|Life|Marine|"
    "Motor|Pension|Pet|Reinsurance|Renewals|Théâtre & Arts|Travel|Underwriting"
)
FORMS = ("Desk", "Group", "Office", "Squad", "Unit")
DIVISIONS = ("sales north", "policies", "sales south", "finance", "technology")
BUDGET = {"finance": 900, "policies": 1_250, "sales north": 780, "sales south": 640, "technology": 1_450}
CITIES = ("Porto", "Ghent", "Cork", "Brno", "Aarhus")
DEGREES = ("bachelor", "college diploma", "master", "school diploma", "doctorate")
PAY = {"bachelor": 41_000, "college diploma": 34_500, "doctorate": 62_000, "master": 48_500, "school diploma": 29_000}
METHODS = ("bank transfer", "instant transfer", "cheque", "cash")


def teams(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(56, lambda: f"{draw.pick(TOPICS)} {draw.pick(FORMS)}"), 1):
        division = draw.pick(DIVISIONS, 0.4)
        rows.append(
            {
                "team_id": number,
                "name": name,
                "division": division,
                "wage_budget": draw.amount(BUDGET[division], 0.4, 10),
                "training_budget": draw.amount(24, 0.8, 1),
                "staff_count": 0,
                "application_count": 0,
            }
        )
    draw.blank(rows, division=0.035, training_budget=0.05)
    return rows


def employees(draw: Draw, names: list[str], teams: list[Row]) -> list[Row]:
    rows: list[Row] = []
    every = draw.shuffled(teams)
    for number, name in enumerate(names, 1):
        team = every[number - 1] if number <= len(every) else draw.pick(teams, 0.5)
        office, degree = draw.pick(CITIES, 0.7), draw.pick(DEGREES, 0.4)
        near = draw.chance(0.17)
        years = draw.count(9, 0.7)
        base = stepped(PAY[degree] * (1 + 0.012 * years) * draw.factor(0.8, 1.3), 500)
        rows.append(
            {
                "employee_id": number,
                "name": name,
                "team_id": team["team_id"],
                "home_city": office if near else draw.pick([city for city in CITIES if city != office], 0.2),
                "office_city": office,
                "degree": degree,
                "experience": years,
                "base_pay": base,
                "total_pay": stepped(base * (1.02 + 0.6 * draw.unit() ** 2.5), 100),
                "claim_total": 0.0,
            }
        )
    draw.blank(rows, degree=0.03, experience=0.045)
    return rows


def applicants(draw: Draw, names: list[str], teams: list[Row]) -> list[Row]:
    rows: list[Row] = []
    every = draw.shuffled(teams)
    for number, name in enumerate(names, 1):
        team = every[number - 1] if number <= len(every) else draw.pick(teams, 0.6)
        applied = draw.day("2019-02-08", "2023-09-20", 0.8)
        rows.append(
            {
                "applicant_id": number,
                "name": name,
                "team_id": team["team_id"],
                "degree": draw.pick(DEGREES, 0.3),
                "experience": draw.count(4, 0.8),
                "test_score": min(100, max(12, round(draw.normal(61, 16)))),
                "interview_score": min(100, max(20, round(draw.normal(66, 13) / 2) * 2)),
                "application_date": applied,
                "interview_date": draw.later(applied, 3, 120, 1.6),
            }
        )
    draw.blank(rows, experience=0.04, test_score=0.06, interview_score=0.03, interview_date=0.08)
    return rows


def payslips(draw: Draw, employees: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1441):
        employee = draw.pick(employees, 0.2)
        month = employee["base_pay"] / 12
        tax = month * draw.factor(0.14, 0.31)
        pension = month * draw.factor(0.04, 0.13)
        holiday = draw.amount(month * 0.14, 0.5, 5)
        performance = draw.amount(month * 0.1, 0.9, 5)
        rows.append(
            {
                "payslip_id": number,
                "employee_id": employee["employee_id"],
                "paid_on": draw.day("2019-01-25", "2023-12-22"),
                "method": draw.pick(METHODS, 1.0),
                "amount": round(month - tax - pension + holiday + performance, 2),
                "tax_deduction": round(tax, 2),
                "pension_deduction": stepped(pension, 1),
                "holiday_bonus": holiday,
                "performance_bonus": performance,
            }
        )
    draw.blank(rows, method=0.02, pension_deduction=0.03, performance_bonus=0.05)
    return rows


def claims(draw: Draw, employees: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 681):
        rows.append(
            {
                "expense_claim_id": number,
                "employee_id": draw.pick(employees, 0.35)["employee_id"],
                "paid_on": draw.day("2019-02-04", "2023-12-29", 0.9),
                "method": draw.pick(METHODS, 0.5),
                "amount": draw.amount(86, 0.9, 0.5),
            }
        )
    draw.blank(rows, method=0.04)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    team, names = teams(draw), people(draw, 246)
    employee, applicant = employees(draw, names[:136], team), applicants(draw, names[136:], team)
    payslip, claim = payslips(draw, employee), claims(draw, employee)
    for row in team:
        staff = sum(e["team_id"] == row["team_id"] for e in employee)
        row["staff_count"] = max(1, staff + draw.pick((1, 2, -1, 3, 0, 4, -2), 0.4))
        wanted = sum(a["team_id"] == row["team_id"] for a in applicant)
        row["application_count"] = wanted + draw.count(3, 0.7)
    for row in employee:
        known = sum(c["amount"] for c in claim if c["employee_id"] == row["employee_id"])
        row["claim_total"] = stepped(known * draw.factor(0.5, 1.6) + draw.amount(40, 1.0), 0.5)
    return {"team": team, "employee": employee, "applicant": applicant, "payslip": payslip, "expense_claim": claim}
