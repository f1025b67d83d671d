"""A university: lecturers, courses, research projects."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

SUBJECTS = listed(
    "Acoustics|Botany|Contract Law|Crystallography|Epidemiology|Ethics|Game Theory|Genetics|Harmony|Hydraulics|"
    "Immunology|Logic|Maritime Law|Mechanics|Optics|Phonetics|Poétique|Robotics|Statistics|Topology|漢字 Studies"
)
STAGES = ("Foundations of", "Advanced", "Readings in", "Applied")
AIMS = listed(
    "Bridges|Coral Reefs|Dark Matter|Early Music|Fair Courts|Gut Flora|Ice Cores|Köppen Climates|Living Archives|"
    "the £|Night Vision|Quiet Engines|Rare Earths|Sleep|Soil Memory|Touch|Urban Bees|Voices|"
    "Women’s Suffrage"
)
FRAMES = ("Atlas of", "Beyond", "Mapping", "Modelling", "Rethinking", "The Future of")
LEAD = {"arts": 10, "engineering": 16, "law": 9, "medicine": 27, "science": 24}


def lecturers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 74), 1):
        faculty = draw.pick(("science", "medicine", "engineering", "arts", "law"), 0.4)
        teaching = stepped(draw.normal(10.5, 3.6), 0.5)
        rows.append(
            {
                "lecturer_id": number,
                "name": name,
                "faculty": faculty,
                "journal_papers": draw.count(LEAD[faculty], 0.75),
                "conference_papers": draw.count(28 if faculty in ("engineering", "science") else 9, 0.75),
                "teaching_hours": teaching,
                "research_hours": stepped(draw.normal(26 - 0.6 * teaching, 5.5), 0.5),
                "appointed_on": draw.day("1994-09-01", "2022-09-01", 0.8),
            }
        )
    draw.blank(rows, conference_papers=0.05, research_hours=0.04, appointed_on=0.03)
    return rows


def courses(draw: Draw, lecturers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(80, lambda: f"{draw.pick(STAGES)} {draw.pick(SUBJECTS)}"), 1):
        spring = draw.count(52, 0.65, 4)
        written = min(97.0, stepped(draw.normal(66, 9.5), 0.5))
        rows.append(
            {
                "course_id": number,
                "name": name,
                "lecturer_id": draw.pick(lecturers, 0.5)["lecturer_id"],
                "level": draw.pick(("bachelor", "master", "doctoral"), 0.8),
                "spring_intake": spring,
                "autumn_intake": round(spring * draw.factor(0.6, 2.6)),
                "written_mark": written,
                "oral_mark": min(99.0, stepped(draw.normal(38 + 0.5 * written, 7.5), 0.5)),
            }
        )
    draw.blank(rows, level=0.03, spring_intake=0.05, oral_mark=0.06)
    return rows


def projects(draw: Draw, lecturers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(92, lambda: f"{draw.pick(FRAMES)} {draw.pick(AIMS)}"), 1):
        asked = draw.amount(330_000, 0.7, 1_000)
        months = draw.pick((24, 36, 12, 48, 18, 60), 0.4)
        submitted = draw.day("2014-01-31", "2022-11-30", 0.8)
        rows.append(
            {
                "project_id": number,
                "name": name,
                "lecturer_id": draw.pick(lecturers, 0.6)["lecturer_id"],
                "sponsor": draw.pick(("council", "industry", "foundation"), 0.6),
                "requested_funding": asked,
                "granted_funding": stepped(asked * draw.factor(0.25, 1.0), 500),
                "month_count": months,
                "submission_deadline": submitted,
                "reporting_deadline": draw.later(submitted, months * 30 + 90, months * 30 + 420),
            }
        )
    draw.blank(rows, sponsor=0.04, granted_funding=0.06, reporting_deadline=0.04)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    lecturer = lecturers(draw)
    return {"lecturer": lecturer, "course": courses(draw, lecturer), "project": projects(draw, lecturer)}
