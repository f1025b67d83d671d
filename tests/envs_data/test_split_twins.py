"""Schema twins: what splits fit, the values they make, the databases they give, and the pairs of tasks."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlglot

from act_env import actions
from act_env.conversation import Action
from act_env.errors import MalformedRecord
from act_env.sql import grading, sandbox
from envs_data import spider
from envs_data.spider import edits, split_drafts, split_values, splits, variants
from envs_data.spider.split_twins import MOST_OF_ONE_STATEMENT, PATTERNS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "spider"

pytestmark = pytest.mark.usefixtures("cache")


def cases(name: str) -> list[tuple[str, ...]]:
    lines = (FIXTURES / f"{name}.txt").read_text("utf-8").splitlines()
    return [tuple(re.split(r" \| | => ", line)) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("spider")
    path = root / "database" / "museum" / "museum.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / "museum.sql").read_text("utf-8"))
        connection.commit()
    records = [{"db_id": "museum", "question": text, "query": sql} for text, sql in cases("split_questions")]
    (root / "dev.json").write_text(json.dumps(records), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def pairs(source):
    """(clear, ambiguous), of each request and column."""
    tasks = [task for task in source.tasks if task.provenance.pattern in PATTERNS]
    found = [(tasks[i], tasks[i + 1]) for i in range(0, len(tasks), 2)]
    assert len(found) > 4
    return found


# ---------------------------------------------------------------- the table


def test_every_noun_has_two_splits_and_every_split_an_operation():
    heads, kinds = splits.heads(), splits.table_of_splits()["kinds"]
    assert len(heads) >= 45
    for head, found in heads.items():
        assert len(found) >= 2 and len({frozenset(split.halves) for split in found}) == len(found), head
        for split in found:
            assert all(re.fullmatch(r"[a-z]+", half) for half in split.halves) and set(split.kinds) <= set(kinds)
            forms = [split.second, *([split.first] if split.first else [])]
            assert all(len(set(form) & set(split_values.OPERATIONS)) == 1 for form in forms), split
            assert all(set(form) <= {*split_values.OPERATIONS, "within"} for form in forms), split
    halves = {half for found in heads.values() for split in found for half in split.halves}
    assert not halves & set(splits.table_of_splits()["beside"])


@pytest.mark.parametrize(("table", "column", "head", "noun"), [(*case, "")[:4] for case in cases("split_nouns")])
def test_a_columns_noun(table, column, head, noun):
    assert splits.noun_of(table, column) == ((head, noun) if noun else None)


@pytest.mark.parametrize(("column", "count", "half", "new"), cases("split_names"))
def test_new_names_are_in_the_old_ones_manner(column, count, half, new):
    noun = " ".join(["x"] * int(count))
    assert splits.Splittable("t", column, noun, splits.heads()["name"][0]).name(half) == new


def test_splits_are_for_what_a_tables_rows_are(museum):
    by_column = {
        (table.name, column.name): {part.split.halves for part in splits.splits_of(table, column)}
        for table in museum.tables
        for column in table.columns
    }
    assert ("legal", "preferred") in by_column["guide", "Name"] and ("legal", "stage") not in by_column["guide", "Name"]
    assert ("official", "popular") in by_column["museum", "Name"]
    assert not by_column["guide", "Museum_ID"] and not by_column["museum", "Opening Year"]


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    "values",
    [
        [12, None, 40, 7, 3000, 12],
        [0.5, 12.25, None, 80.0, 3.0],
        ["2001-05-31", None, "1999-12-31", "2020-02-29 10:00:00", "2001-05-31"],
        ["Ada Low", None, "Ben Hur", "Cy Young", "Dee Dee", "Élan Vital"],
        ["ada@hull.org", "ben@leeds.org", None],
        ["0113 496 0001", None, "0113 496 0002"],
    ],
    ids=["integers", "numbers", "dates", "names", "addresses", "phones"],
)
def test_values_keep_type_nulls_and_form(values):
    fitting = 0
    for split in (split for found in splits.heads().values() for split in found):
        for half in split.halves:
            made = split_values.derived("d|t|c", values, *split.operation(half))
            assert made == split_values.derived("d|t|c", values, *split.operation(half))
            fitting += made is not None
            for old, new in zip(values, made or values, strict=True):
                assert type(old) is type(new) and not (isinstance(new, int | float) and new < 0)
                assert not isinstance(old, str) or bool(split_values.DATE.fullmatch(old)) <= bool(
                    split_values.DATE.fullmatch(new)
                )
    assert fitting > 10


@pytest.mark.parametrize(
    ("form", "values", "holds"),
    [
        ({"scale": [0.5, 0.9]}, [100, 200, 0], lambda old, new: 0.5 * old <= new <= 0.9 * old),
        ({"days": [1, 20]}, ["2001-12-31", "1999-02-28 08:30"], lambda old, new: new > old and new[10:] == old[10:]),
        ({"years": [1, 9]}, [2001, 2023, 1700], lambda old, new: old <= new <= 2024),
        ({"add": [-3, 3], "within": True}, [1, 5, 3], lambda old, new: 1 <= new <= 5),
        ({"other": 1.0}, ["Hull", "Leeds"], lambda old, new: new in ("Hull", "Leeds") and new != old),
        ({"digits": 4}, ["0113 496 0001"], lambda old, new: new[:9] == old[:9] and len(new) == len(old)),
        ({"scale": [0.5, 0.9]}, ["40", "52"], lambda old, new: new.isdigit() and int(new) < int(old)),
    ],
    ids=lambda value: "holds" if callable(value) else str(value),
)
def test_operations(form, values, holds):
    made = split_values.derived("where", values, form)
    assert all(holds(old, new) for old, new in zip(values, made, strict=True)) and made != values


def test_an_inverse_undoes_the_order():
    later = split_values.derived("where", ["2001-12-31"], {"days": [1, 20]}, inverse=True)
    assert later[0] < "2001-12-31"
    assert split_values.derived("where", [100], {"scale": [0.5, 0.9]}, inverse=True)[0] > 100


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ({"days": [1, 2]}, ["31 May"]),
        ({"scale": [1, 2]}, ["tall"]),
        ({"scale": [0.1, 9.0]}, ["9", "80"]),
        ({"other": 0.5}, ["a", "a"]),
        ({"mix": 0.5}, ["12", "13"]),
        ({"domain": ["x.org"]}, ["Ada"]),
        ({"other": 0.5}, [None]),
    ],
    ids=str,
)
def test_operations_that_do_not_fit_make_nothing(form, values):
    assert split_values.derived("where", values, form) is None


# ---------------------------------------------------------------- databases


def read(path: Path, table: str) -> tuple[list[str], list[tuple]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(f'SELECT * FROM "{table}"')
        return [item[0] for item in found.description], found.fetchall()


def test_a_variant_is_found_by_its_id_alone(root, museum):
    before = read(museum.path, "guide")
    at = before[0].index("Salary")
    id_ = "museum+guide.Salary:net_gross+museum.City:~source"
    path = spider.database_file(str(root), id_)
    columns, rows = read(path, "guide")
    assert columns == [*before[0][:at], "Gross_Salary", "Net_Salary", *before[0][at + 1 :]]
    assert [row[at + 1] for row in rows] == [row[at] for row in before[1]]
    assert all(gross > net for gross, net in (row[at : at + 2] for row in rows))
    assert [(*row[:at], *row[at + 2 :]) for row in rows] == [(*row[:at], *row[at + 1 :]) for row in before[1]]
    cities, _ = read(path, "museum")
    assert cities[cities.index("City") + 1] == "City_Source"
    assert read(path, "exhibit") == read(museum.path, "exhibit")
    changed = path.stat().st_mtime_ns
    assert spider.database_file(str(root), id_) == path and path.stat().st_mtime_ns == changed
    assert read(spider.database_file(str(root), "museum+guide.Age:stated"), "guide")[0][2] == "Stated_Age"


def test_a_variant_is_the_same_in_every_cache(museum, tmp_path):
    text = "museum+guide.Name:preferred_legal+guide.Age:stated_verified"
    first, second = (variants.variant(museum.path, text, tmp_path / name) for name in "ab")
    assert read(first, "guide") == read(second, "guide") and first != second
    assert [entry.name for entry in (tmp_path / "a").iterdir()] == [first.name]


@pytest.mark.parametrize(
    "text",
    [
        "museum+guide",
        "museum+guide.Age",
        "museum+guide.Age:",
        "museum+guide.Age:tall_short",
        "museum+guide.Nothing:stated",
        "museum+guide.Shoe_Size:stated_verified",
        "museum+keeper.Age:stated_verified",
        "museum+guide.Age:stated_verified+",
        "museum+guide.Badge:stated_verified",
        "museum+guide.Age:~nothing",
        "../museum+guide.Age:stated_verified",
    ],
)
def test_ids_of_no_variant_are_errors(root, text):
    with pytest.raises(MalformedRecord):
        spider.database_file(str(root), text)


def test_ids_are_read_as_they_are_written():
    changes = (variants.Change("b", "Age", ("stated",), "source"), variants.Change("a", "Name", ("legal", "stage")))
    text = variants.variant_id("db", changes)
    assert text == "db+a.Name:legal_stage+b.Age:stated~source"
    assert variants.read_id(text) == ("db", changes[::-1])
    assert variants.variant_id("db", changes[::-1]) == text


# ---------------------------------------------------------------- questions and statements


@pytest.mark.parametrize(("place", "halves", "text", "sql", "why"), cases("split_texts"))
def test_what_a_question_leaves_open(museum, place, halves, text, sql, why):
    part = splits.named_split(*place.split("."), halves.split())
    statement = split_drafts.Statement(sqlglot.parse_one(sql, dialect="duckdb"), museum)
    assert (split_drafts.refusal(text, part, statement) or "-") == why


@pytest.mark.parametrize(
    ("sql", "exchanged"),
    [
        ("SELECT Name FROM guide WHERE Age > 3", "SELECT Name FROM guide WHERE New > 3"),
        ("SELECT g.age AS age FROM guide AS g", "SELECT g.New AS New FROM guide AS g"),
        (
            "SELECT Name FROM museum WHERE Museum_ID IN (SELECT Museum_ID FROM guide WHERE Age = (SELECT MAX(Age) "
            "FROM guide))",
            "SELECT Name FROM museum WHERE Museum_ID IN (SELECT Museum_ID FROM guide WHERE New = (SELECT MAX(New) "
            "FROM guide))",
        ),
        ("SELECT Visitors AS Age FROM museum", "SELECT Visitors AS Age FROM museum"),
    ],
)
def test_a_column_is_exchanged_wherever_it_is_meant(museum, sql, exchanged):
    statement = split_drafts.Statement(sqlglot.parse_one(sql, dialect="duckdb"), museum)
    assert statement.exchanged(("guide", "age"), "New").sql("duckdb") == exchanged


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("SELECT 1 FROM guide AS g JOIN museum AS m ON g.Museum_ID = m.Museum_ID", {"guide", "museum"}),
        ("SELECT 1 FROM guide AS g JOIN museum AS m ON CAST(g.Museum_ID AS TEXT) = m.Museum_ID", {"guide", "museum"}),
        ("SELECT 1 FROM museum WHERE Museum_ID IN (SELECT Museum_ID FROM guide)", {"guide", "museum"}),
        ("SELECT 1 FROM museum JOIN guide USING (Museum_ID)", {"guide", "museum"}),
        ("SELECT 1 FROM museum WHERE Museum_ID = 3", set()),
    ],
)
def test_compared_columns_are_keys(museum, sql, keys):
    statement = split_drafts.Statement(sqlglot.parse_one(sql, dialect="duckdb"), museum)
    assert split_drafts.keys([statement]) == {(table, "museum_id") for table in keys}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM guide",
        "SELECT Name FROM guide UNION SELECT Name FROM museum",
        "SELECT Name FROM (SELECT Name FROM guide)",
        "WITH g AS (SELECT Name FROM guide) SELECT Name FROM g",
    ],
)
def test_statements_that_hide_a_column_are_left_out(museum, sql):
    assert not split_drafts.Statement(sqlglot.parse_one(sql, dialect="duckdb"), museum).simple


# ---------------------------------------------------------------- tasks


def test_twins_differ_in_label_schema_or_notes_and_in_nothing_else(pairs):
    for clear, ambiguous in pairs:
        assert (clear.gold_action, ambiguous.gold_action) == (Action.ANSWER, Action.CLARIFY)
        for field in ("request", "group", "slots", "gold_question", "kind", "split", "provenance"):
            assert getattr(clear, field) == getattr(ambiguous, field)
        assert clear.kind == "column" and clear.context != ambiguous.context
        (tables, notes), (others, other_notes) = (task.context.split("\nNotes:\n") for task in (clear, ambiguous))
        if clear.provenance.pattern == "split_note":
            assert tables == others and clear.database == ambiguous.database and clear.settled_by in notes
            changed = [(a, b) for a, b in zip(notes.split("\n"), other_notes.split("\n"), strict=True) if a != b]
            assert len(changed) == 2
        else:
            assert notes == other_notes and tables != others and not clear.settled_by
        assert 3 <= notes.count("\n") + 1 <= 8
    assert {clear.provenance.pattern for clear, _ in pairs} == set(PATTERNS)


def test_ids_do_not_tell_the_label(pairs):
    ends = {(task.id[-1], task.gold_action) for pair in pairs for task in pair}
    assert len(ends) == 4
    forms = Counter()
    for clear, ambiguous in pairs:
        for task in (clear, ambiguous):
            forms[re.sub(r"[A-Za-z_ ]+", "x", task.database), task.provenance.pattern, task.gold_action] += 1
            assert "clear" not in task.id and "ambiguous" not in task.id
        assert len(clear.database.split("+")) == len(ambiguous.database.split("+"))
    assert all("x+x.x:" in form for form, _, _ in forms)


def words(text: str) -> list[str]:
    return [edits.stem(word) for word in re.findall(r"[a-z0-9]+", text.lower().replace("_", " "))]


def test_twins_share_as_many_words_with_the_request(pairs):
    for clear, ambiguous in pairs:
        said = set(words(clear.request)) & set(words(ambiguous.context.partition("\nNotes:")[0]))
        one, other = (sum(word in said for word in words(task.context)) for task in (clear, ambiguous))
        assert one == other


def test_readings_run_on_their_databases_and_fill_the_slot(source, pairs):
    for task in (task for pair in pairs for task in pair):
        box = sandbox.shared(source.database(task.database))
        for reading in task.readings:
            assert grading.match(box.gold(reading.answer), reading.result, columns_fixed=True).ok
            assert box.gold(reading.answer) == reading.result
        (slot,) = task.slots
        assert {reading.slots[slot.name] for reading in task.readings} <= {option.value for option in slot.options}
        assert sum(reading.prior for reading in task.readings) == pytest.approx(1)
        assert all(len(set(option.replies)) >= 6 for option in slot.options)
        assert all(actions.statement_in(reply) is None for option in slot.options for reply in option.replies)
    for clear, ambiguous in pairs:
        assert len(clear.readings) == 1 and len(ambiguous.readings) == 2
        assert clear.readings[0].id in {reading.id for reading in ambiguous.readings}
        assert not grading.match(*(reading.result for reading in ambiguous.readings)).ok


def test_every_question_asks_for_the_slot(pairs):
    assert len(splits.table_of_splits()["questions"]["column"]) >= 7
    for task in (task for pair in pairs for task in pair):
        (slot,) = task.slots
        halves = [option.gloss.removeprefix("the ").split()[0] for option in slot.options]
        noun = task.slots[0].cues[0]
        for question in (task.gold_question, f"Do you mean the {halves[1]} or the {halves[0]} {noun}?",
                         f"{halves[0]} or {halves[1]}?", f"Which {noun} do you mean?"):  # fmt: skip
            assert actions.slots_asked(question, task.slots, task.request) == (slot.name,)
            assert actions.action_of(question) is Action.CLARIFY
        assert actions.slots_asked("How many rows do you want?", task.slots, task.request) == ()


def test_schema_shows_the_variants_columns(source, pairs):
    for task in (task for pair in pairs for task in pair):
        path = source.database(task.database)
        with duckdb.connect(str(path), read_only=True) as connection:
            columns = connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal")
            for table, column in columns.fetchall():
                (line,) = [line for line in task.context.split("\n") if line.startswith(f"{table}(")]
                assert re.search(rf'[(, ]"?{re.escape(column)}"? ', line), (table, column)


def test_paraphrases_are_few(pairs):
    counts = Counter(clear.group for clear, _ in pairs)
    assert max(counts.values()) <= MOST_OF_ONE_STATEMENT


def test_names_are_few(pairs):
    names = sum(clear.slots[0].name.endswith("name") for clear, _ in pairs)
    assert names <= max(3, len(pairs) / 3)


def test_the_report_says_why_a_question_gave_none(root, source):
    dropped = spider.load_report(split="test", path=root).dropped
    assert any(reason.startswith("split: ") for reason in dropped)
