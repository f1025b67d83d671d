"""A university: lecturers, students, courses, written and oral exams."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

TOPICS = listed(
    "Acoustics|Botany|Contract Law|Crystallography|Epidemiology|Ethics|Game Theory|Genetics|Harmony|Hydraulics|"
    "Immunology|Logic|Maritime Law|Mechanics|Optics|Phonetics|Poétique|Robotics|Statistics|Topology|漢字 Studies|"
    "Women’s Suffrage|Money and the £"
)
STAGES = ("Foundations of", "Advanced", "Readings in", "Applied")
SUBJECTS = ("physics", "biology", "law", "history", "music")
CAMPUSES = ("Riverside", "Hilltop", "Orchard", "Dockyard")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def lecturers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 58), 1):
        teaching = stepped(draw.normal(10.5, 3.6), 0.5)
        rows.append(
            {
                "lecturer_id": number,
                "name": name,
                "campus": draw.pick(CAMPUSES, 0.6),
                "journal_impact": draw.count(18, 0.85),
                "conference_impact": draw.count(14, 0.95),
                "teaching_load": teaching,
                "research_load": stepped(draw.normal(26 - 0.6 * teaching, 5.5), 0.5),
                "start_date": draw.day("1994-09-01", "2022-09-01", 0.8),
                "course_count": 0,
            }
        )
    draw.blank(rows, conference_impact=0.05, research_load=0.04, start_date=0.03)
    return rows


def students(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 136), 1):
        major = draw.pick(SUBJECTS, 0.4)
        begun = draw.day("2017-09-01", "2022-10-15", 0.8)
        earned = 6 * round(draw.normal(2.4 * (2023 - begun.year), 1.6))
        rows.append(
            {
                "student_id": number,
                "name": name,
                "campus": draw.pick(CAMPUSES, 0.4),
                "major_subject": major,
                "minor_subject": draw.pick([subject for subject in SUBJECTS if subject != major], 0.3),
                "earned_credit": max(0, earned),
                "booked_credit": max(6, 3 * round(draw.normal(9, 2.6))),
                "start_date": begun,
                "oral_exam_count": 0,
                "written_minutes": 0,
            }
        )
    draw.blank(rows, minor_subject=0.05, booked_credit=0.04)
    return rows


def courses(draw: Draw, lecturers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(84, lambda: f"{draw.pick(STAGES)} {draw.pick(TOPICS)}"), 1):
        spring = draw.count(52, 0.65, 4)
        lecture = draw.pick(DAYS, 0.3)
        rows.append(
            {
                "course_id": number,
                "name": name,
                "lecturer_id": draw.pick(lecturers, 0.5)["lecturer_id"],
                "lecture_day": lecture,
                "seminar_day": draw.pick([day for day in DAYS if day != lecture], 0.4) if draw.chance(0.9) else lecture,
                "spring_intake": spring,
                "autumn_intake": round(spring * draw.factor(0.6, 2.6)),
                "written_exam_count": 0,
            }
        )
    draw.blank(rows, seminar_day=0.05, spring_intake=0.05)
    return rows


def written_exams(draw: Draw, courses: list[Row], students: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_241):
        student = draw.pick(students, 0.3)
        draft = min(97.0, stepped(draw.normal(64, 11), 0.5))
        sat = draw.within("2019-01-15", "2023-09-20", student["start_date"], lean=0.8)
        rows.append(
            {
                "written_exam_id": number,
                "course_id": draw.pick(courses, 0.6)["course_id"],
                "student_id": student["student_id"],
                "exam_date": sat,
                "result_date": draw.later(sat, 6, 75, 1.5),
                "draft_mark": draft,
                "final_mark": min(99.0, draft + stepped(draw.normal(3.2, 3.0), 0.5)),
                "duration": draw.pick((120, 90, 180, 60, 150), 0.7),
            }
        )
    draw.blank(rows, draft_mark=0.03, result_date=0.04)
    return rows


def oral_exams(draw: Draw, students: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 431):
        student = draw.pick(students, 0.4)
        rows.append(
            {
                "oral_exam_id": number,
                "student_id": student["student_id"],
                "exam_date": draw.within("2019-02-01", "2023-07-20", student["start_date"], lean=0.7),
                "final_mark": min(98.5, stepped(draw.normal(72, 9), 0.5)),
                "duration": draw.pick((20, 30, 15, 25, 45, 40), 0.5),
            }
        )
    draw.blank(rows, final_mark=0.04)
    return rows


def keep_registers(draw: Draw, rows: list[Row], key: str, column: str, counted: list[Row], most: int) -> None:
    """A register counts what was before the data, and a part of the present is still to be entered."""
    for row in rows:
        found = sum(one[key] == row[key] for one in counted)
        row[column] = max(0, found + draw.pick((1, 2, 0, -1, 3, most), 0.3))


def tables(draw: Draw) -> dict[str, list[Row]]:
    lecturer, student = lecturers(draw), students(draw)
    course = courses(draw, draw.shuffled(lecturer))
    written = written_exams(draw, draw.shuffled(course), draw.shuffled(student))
    oral = oral_exams(draw, draw.shuffled(student))
    keep_registers(draw, lecturer, "lecturer_id", "course_count", course, 2)
    keep_registers(draw, student, "student_id", "oral_exam_count", oral, 2)
    keep_registers(draw, course, "course_id", "written_exam_count", written, 6)
    for row in student:
        sat = sum(exam["duration"] for exam in written if exam["student_id"] == row["student_id"])
        row["written_minutes"] = max(0, sat + 30 * draw.between(-3, 14))
    draw.blank(course, written_exam_count=0.03)
    return {"lecturer": lecturer, "student": student, "course": course, "written_exam": written, "oral_exam": oral}
