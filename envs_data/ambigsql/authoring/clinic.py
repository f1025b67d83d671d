"""A city clinic: doctors, patients, appointments."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row
from envs_data.ambigsql.authoring.words import people

PAY = {"cardiology": 118_000, "dermatology": 96_000, "neurology": 112_000, "pediatrics": 84_000, "surgery": 132_000}


def doctors(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 56, "Dr"), 1):
        specialty = draw.pick(("pediatrics", "surgery", "cardiology", "neurology", "dermatology"), 0.4)
        base = draw.amount(PAY[specialty], 0.14, 500)
        licensed = draw.day("1988-03-01", "2018-09-30")
        rows.append(
            {
                "doctor_id": number,
                "name": name,
                "specialty": specialty,
                "base_salary": base,
                "total_salary": round(base * (1 + draw.amount(0.28, 0.7)), -2),
                "hiring_date": draw.until(licensed, "2022-12-31"),
                "license_date": licensed,
                "weekly_patients": draw.count(52, 0.3, 8),
            }
        )
    draw.blank(rows, total_salary=0.04, license_date=0.05, weekly_patients=0.04)
    return rows


def patients(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 140), 1):
        born = draw.day("1936-01-01", "2011-12-31", 0.9)
        rows.append(
            {
                "patient_id": number,
                "name": name,
                "insurance": draw.pick(("public", "private", "none"), 1.0),
                "resting_pulse": round(draw.normal(67, 9)),
                "peak_pulse": round(draw.normal(206 - 0.6 * (2023 - born.year), 13)),
                "visit_count": draw.count(4.5, 0.8, 1),
                "birth_date": born,
                "registration_date": draw.until(max(born, draw.day("2011-01-01", "2012-01-01")), "2023-11-30"),
            }
        )
    draw.blank(rows, insurance=0.04, peak_pulse=0.06, resting_pulse=0.03)
    return rows


def appointments(draw: Draw, doctors: list[Row], patients: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 341):
        doctor, patient = draw.pick(doctors, 0.6), draw.pick(patients, 0.5)
        known = (doctor["hiring_date"], patient["registration_date"])
        planned = draw.pick((20, 30, 15, 45, 60), 0.5)
        billed = draw.amount(170, 0.75, 5)
        covered = draw.pick((1.0, 0.8, 0.5, 0.2), 0.6)
        rows.append(
            {
                "appointment_id": number,
                "doctor_id": doctor["doctor_id"],
                "patient_id": patient["patient_id"],
                "status": draw.pick(("attended", "cancelled", "missed"), 1.2),
                "visit_day": draw.within("2020-02-01", "2023-12-22", *known, lean=0.8),
                "billed_amount": billed,
                "paid_amount": round(billed * covered * draw.factor(0.85, 0.98), 2),
                "planned_duration": planned,
                "actual_duration": max(4, round(planned * draw.factor(0.6, 2.1))),
            }
        )
    draw.blank(rows, status=0.02, paid_amount=0.06, actual_duration=0.05)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    doctor, patient = doctors(draw), patients(draw)
    return {"doctor": doctor, "patient": patient, "appointment": appointments(draw, doctor, patient)}
