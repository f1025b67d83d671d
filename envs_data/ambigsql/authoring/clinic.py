"""A city clinic: doctors, nurses, patients, appointments, home visits."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, stepped
from envs_data.ambigsql.authoring.words import people

PAY = {
    "cardiology": 118_000,
    "dermatology": 96_000,
    "general surgery": 124_000,
    "heart surgery": 146_000,
    "pediatrics": 84_000,
}
CITIES = ("Norhaven", "Saltmere", "Brackwater", "Wendelby", "Eskholm", "Château-Ville")


def doctors(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 60, "Dr"), 1):
        specialty = draw.pick(("pediatrics", "general surgery", "cardiology", "heart surgery", "dermatology"), 0.4)
        base = draw.amount(PAY[specialty], 0.14, 500)
        rows.append(
            {
                "doctor_id": number,
                "name": name,
                "specialty": specialty,
                "base_salary": base,
                "full_salary": round(base * (1 + draw.amount(0.28, 0.7)), -2),
                "clinic_workload": draw.count(21, 0.35, 4),
                "phone_workload": draw.count(12, 0.6),
                "hiring_date": draw.day("1998-03-01", "2021-12-31", 0.9),
            }
        )
    draw.blank(rows, full_salary=0.04, phone_workload=0.05)
    return rows


def nurses(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 54), 1):
        rows.append(
            {
                "nurse_id": number,
                "name": name,
                "specialty": draw.pick(("wound care", "geriatrics", "pediatrics", "midwifery"), 0.5),
                "hiring_date": draw.day("2003-01-01", "2021-09-30", 0.7),
            }
        )
    draw.blank(rows, specialty=0.04)
    return rows


def patients(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 140), 1):
        born = draw.day("1936-01-01", "2011-12-31", 0.9)
        pulse = draw.normal(67, 9)
        birthplace = draw.pick(CITIES[::-1], 0.3)
        rows.append(
            {
                "patient_id": number,
                "name": name,
                "insurance": draw.pick(("public", "private basic", "private full", "none"), 0.7),
                "birth_city": birthplace,
                "home_city": birthplace if draw.chance(0.06) else draw.pick(CITIES, 0.5),
                "morning_pulse": round(pulse),
                "evening_pulse": round(pulse * 0.6 + draw.normal(32, 8)),
                "birth_date": born,
                "registration_date": draw.until(max(born, draw.day("2011-01-01", "2012-01-01")), "2023-06-30"),
            }
        )
    draw.blank(rows, insurance=0.04, birth_city=0.05, evening_pulse=0.06, morning_pulse=0.03)
    return rows


def appointments(draw: Draw, doctors: list[Row], patients: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1101):
        doctor, patient = draw.pick(doctors, 0.6), draw.pick(patients, 0.5)
        booked = draw.within("2020-01-10", "2023-10-31", doctor["hiring_date"], patient["registration_date"], lean=0.8)
        planned = draw.pick((20, 30, 15, 45, 60), 0.5)
        billed = draw.amount(170, 0.75, 5)
        covered = draw.pick((1.0, 0.8, 0.5, 0.2), 0.6)
        rows.append(
            {
                "appointment_id": number,
                "doctor_id": doctor["doctor_id"],
                "patient_id": patient["patient_id"],
                "status": draw.pick(("attended", "cancelled", "missed"), 1.2),
                "booking_date": booked,
                "visit_date": draw.later(booked, 1, 110, 1.8),
                "billed_amount": billed,
                "paid_amount": round(billed * covered * draw.factor(0.85, 0.98), 2),
                "planned_duration": planned,
                "actual_duration": max(4, round(planned * draw.factor(0.6, 2.1))),
            }
        )
    draw.blank(rows, status=0.02, paid_amount=0.06, actual_duration=0.05)
    return rows


def home_visits(draw: Draw, nurses: list[Row], patients: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 421):
        nurse, patient = draw.pick(nurses, 0.5), draw.pick(patients[::-1], 0.7)
        known = (nurse["hiring_date"], patient["registration_date"])
        booked = draw.within("2019-08-01", "2023-11-30", *known, lean=0.9)
        rows.append(
            {
                "home_visit_id": number,
                "nurse_id": nurse["nurse_id"],
                "patient_id": patient["patient_id"],
                "booking_date": booked,
                "visit_date": draw.later(booked, 0, 21, 1.4),
                "billed_amount": draw.amount(65, 0.5, 2.5),
            }
        )
    return rows


def record(draw: Draw, doctors: list[Row], nurses: list[Row], patients: list[Row], seen: list[Row], paid: list[Row]):
    """Figures from the card index that the present system replaced: some counted more, some less."""
    of_doctor, of_patient = Counter(a["doctor_id"] for a in seen), Counter(a["patient_id"] for a in seen)
    billed: Counter[int] = Counter()
    for visit in paid:
        billed[visit["nurse_id"]] += visit["billed_amount"]
    for doctor in doctors:
        doctor["appointment_count"] = round(of_doctor[doctor["doctor_id"]] * draw.factor(0.7, 1.7)) + draw.count(3, 0.7)
    for patient in patients:
        patient["appointment_count"] = of_patient[patient["patient_id"]] + (0 if draw.chance(0.2) else draw.count(4, 1))
    for nurse in nurses:
        nurse["billing_total"] = stepped(billed[nurse["nurse_id"]] * draw.factor(0.75, 1.6) + draw.amount(60, 0.6), 5)
    draw.blank(patients, appointment_count=0.03)
    draw.blank(paid, visit_date=0.03)


def tables(draw: Draw) -> dict[str, list[Row]]:
    doctor, nurse, patient = doctors(draw), nurses(draw), patients(draw)
    appointment, home_visit = appointments(draw, doctor, patient), home_visits(draw, nurse, patient)
    record(draw, doctor, nurse, patient, appointment, home_visit)
    return {
        "doctor": doctor,
        "nurse": nurse,
        "patient": patient,
        "appointment": appointment,
        "home_visit": home_visit,
    }
