"""Spider's loader keeps what both engines answer alike, and makes twins that differ in one note."""

from __future__ import annotations

import json
import os
import pickle
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlglot

from act_env import actions
from act_env.conversation import Action, Result, content_hash
from act_env.errors import DataNotFound, MalformedRecord, ParseError
from act_env.sql import grading, sandbox
from envs_data import spider
from envs_data.spider import __main__ as command
from envs_data.spider import build, edits, kept, layout, notes, schema, sense, sqlite_to_duck, store, transpile
from envs_data.spider.drafts import Draft, drafts, wordings
from envs_data.spider.drafts.details import tells_something
from envs_data.spider.drafts.threshold import rounded

FIXTURES = Path(__file__).parent.parent / "fixtures" / "spider"

QUESTIONS = (
    ("List the names of guides in descending order of age.", "SELECT Name FROM guide ORDER BY Age DESC"),
    ("Show the names of guides sorted by salary.", "SELECT Name FROM guide ORDER BY Salary"),
    ("List the names of guides, ordered by name.", "SELECT Name FROM guide ORDER BY Name"),
    ("Show name and age for all guides ordered by age.", "SELECT Name, Age FROM guide ORDER BY Age"),
    ("What are the names and cities of all museums?", "SELECT Name, City FROM museum"),
    ("Give the names and cities of all museums.", "SELECT Name, City FROM museum"),
    ("How many museums are there in Leeds?", 'SELECT count(*) FROM museum WHERE City = "Leeds"'),
    ("Which exhibit is the lightest?", "SELECT Title FROM exhibit ORDER BY Weight LIMIT 1"),
    ("Name any exhibit.", "SELECT Title FROM exhibit LIMIT 1"),
    ("Which exhibits weigh a million?", "SELECT Title FROM exhibit WHERE Weight = 1000000"),
    ("Titles by museum?", "SELECT Title, count(*) FROM exhibit GROUP BY Museum_ID"),
    ("Average badge?", "SELECT avg(Badge || 'x') FROM guide"),
    ("Broken?", "SELECT Nothing FROM museum"),
    ("Not a question", "DELETE FROM museum"),
    ("What is the average salary of guides?", "SELECT avg(Salary) FROM guide"),
    ("Which guides are older than 30?", "SELECT Name FROM guide WHERE Age > 30"),
    ("What are the buying prices of the exhibits?", "SELECT Buying_Price FROM exhibit"),
    ("List the top 3 guides by salary.", "SELECT Name FROM guide ORDER BY Salary DESC LIMIT 3"),
)
OTHERS = (
    (
        "List the titles of exhibits ordered by weight in ascending order.",
        "SELECT Title FROM exhibit ORDER BY Weight ASC",
    ),
)

pytestmark = pytest.mark.usefixtures("cache")


def make_database(root: Path, name: str) -> Path:
    path = root / "database" / name / f"{name}.sqlite"
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.executescript((FIXTURES / "museum.sql").read_text("utf-8"))
    connection.execute("UPDATE guide SET Badge = CAST(x'6e6fe9' AS TEXT) WHERE Guide_ID = 4")
    connection.commit()
    connection.close()
    return path


def make_spider(root: Path) -> Path:
    """Spider's layout in small: museums in dev.json; in train_spider.json a copy, a missing and an empty database,
    one that is no database, and records of the wrong form."""
    records = [{"db_id": "museum", "question": text, "query": sql, "sql": {}} for text, sql in QUESTIONS]
    train = [{"db_id": "gallery", "question": text, "query": sql} for text, sql in (*QUESTIONS, *OTHERS)]
    train += [{"db_id": name, "question": "How many?", "query": "SELECT 1"} for name in ("gone", "hollow", "noise")]
    train += [{"db_id": "../gallery", "question": "?", "query": "SELECT 1"}, {"db_id": "gallery", "query": 3}, "text"]
    for name in ("museum", "gallery"):
        make_database(root, name)
    for name, content in (("hollow", b""), ("noise", b"not a database at all" * 99)):
        (root / "database" / name).mkdir()
        (root / "database" / name / f"{name}.sqlite").write_bytes(content)
    (root / "dev.json").write_text(json.dumps(records), encoding="utf-8")
    (root / "train_spider.json").write_text(json.dumps(train), encoding="utf-8")
    (root / "tables.json").write_text(json.dumps([{"db_id": "museum"}]), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return make_spider(tmp_path_factory.mktemp("spider"))


# ---------------------------------------------------------------- layout


def test_a_bad_record_costs_itself_and_is_named_by_index(root):
    read = layout.read_layout(root)
    count = len(QUESTIONS) + len(OTHERS)
    assert [problem.where for problem in read.problems] == [
        *(f"train_spider.json#{count + 3 + i}" for i in range(3)),
        "tables.json#0",
    ]
    assert len(read.questions) == 2 * len(QUESTIONS) + len(OTHERS) + 3


def test_splits_are_by_database_and_fixed(root):
    read = layout.read_layout(root)
    assert read.split_of("museum") == "test" and read.split_of("gallery") == read.split_of("gallery") != "test"
    names = [f"db_{i}" for i in range(2000)]
    assert 0.12 < sum(read.split_of(name) == "dev" for name in names) / len(names) < 0.18
    assert {read.split_of(question.database) for question in read.of_split("test")} == {"test"}
    with pytest.raises(ValueError, match="train, dev, test"):
        read.of_split("validation")


@pytest.mark.parametrize("name", ["../etc", "a/b", "", ".hidden", "x" * 200, "a\0b"])
def test_a_database_id_cannot_leave_the_folder(root, name):
    with pytest.raises(MalformedRecord, match="plain name"):
        layout.read_layout(root).sqlite_path(name)


def test_absent_data_say_what_should_be_there(tmp_path, monkeypatch):
    monkeypatch.delenv("ACT_DATA_DIR", raising=False)
    with pytest.raises(DataNotFound, match=r"train_spider\.json"):
        layout.find_root(None)
    with pytest.raises(DataNotFound, match="database/"):
        layout.find_root(tmp_path)
    monkeypatch.setenv("ACT_DATA_DIR", str(tmp_path))
    with pytest.raises(DataNotFound):
        spider.load(split="test")


def test_a_file_that_is_no_json_is_an_error(tmp_path):
    (tmp_path / "database").mkdir()
    (tmp_path / "dev.json").write_text("[{", encoding="utf-8")
    with pytest.raises(MalformedRecord, match=r"dev\.json is not JSON"):
        layout.read_layout(tmp_path)
    (tmp_path / "dev.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MalformedRecord, match="list of records"):
        layout.read_layout(tmp_path)


# ---------------------------------------------------------------- conversion


def test_conversion_keeps_values_types_and_names(root, cache):
    path = sqlite_to_duck.converted(root / "database" / "museum" / "museum.sqlite")
    assert path.is_relative_to(cache)
    with duckdb.connect(str(path), read_only=True) as connection:
        types = dict(
            connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
        )
        rows = connection.execute("SELECT Shelf FROM exhibit ORDER BY Exhibit_ID").fetchall()
        badge = connection.execute("SELECT Badge FROM guide WHERE Guide_ID = 4").fetchall()
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert types["Opening Year"] == types["Age"] == "BIGINT" and types["Free_%"] == types["Salary"] == "DOUBLE"
    # Text in an integer column: every value survives, as text.
    assert types["Shelf"] == "VARCHAR" and rows == [("1",), ("cellar",), ("2",), ("3",), ("",)]
    assert badge == [("noé",)] and tables == {"museum", "exhibit", "guide", "curator", "closed"}


def test_conversion_happens_once_and_whole(root, tmp_path):
    source = root / "database" / "museum" / "museum.sqlite"
    first = sqlite_to_duck.converted(source, tmp_path)
    changed = first.stat().st_mtime_ns
    assert sqlite_to_duck.converted(source, tmp_path) == first and first.stat().st_mtime_ns == changed
    assert [entry.name for entry in tmp_path.iterdir()] == [first.name]
    for name in ("hollow", "noise", "gone"):
        with pytest.raises((DataNotFound, MalformedRecord), match=name):
            sqlite_to_duck.converted(root / "database" / name / f"{name}.sqlite", tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [first.name]


def test_gold_sql_can_only_read(root):
    connection = sqlite_to_duck.open_sqlite(root / "database" / "museum" / "museum.sqlite")
    sqlite_to_duck.restrict(connection, 5.0)
    for statement in ("DELETE FROM museum", "ATTACH ':memory:' AS x", "PRAGMA page_count", "CREATE TABLE t (a)"):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(statement)
    sqlite_to_duck.restrict(connection, 0.2)
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        connection.execute(endless).fetchall()
    connection.close()


def test_a_full_disk_or_a_file_in_the_way_is_named(root, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataNotFound, match="ACT_CLARIFY_CACHE"):
        sqlite_to_duck.converted(root / "database" / "museum" / "museum.sqlite", tmp_path / "file" / "below")


# ---------------------------------------------------------------- SQL


def rewrites() -> list[tuple[str, str]]:
    lines = [line for line in (FIXTURES / "rewrites.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]
    return [(before, after.removeprefix("=> ")) for before, after in zip(lines[::2], lines[1::2], strict=True)]


@pytest.mark.parametrize(("before", "after"), rewrites())
def test_rewrites_say_the_same_in_both_engines(museum, root, before, after):
    assert transpile.transpile(before, museum.types) == after
    oracle = kept.Oracle(layout.read_layout(root), "museum")
    theirs = oracle.rows(before)
    oracle.close()
    with duckdb.connect(str(museum.path), read_only=True) as connection:
        ours = Result(theirs.columns, tuple(connection.execute(after).fetchall()))
    assert theirs.rows and grading.match(theirs, ours).ok


@pytest.mark.parametrize("query", ["", "DROP TABLE museum", "SELECT 1; SELECT 2", "SELECT FROM WHERE", "(" * 5000])
def test_anything_but_one_select_is_refused(museum, query):
    with pytest.raises(ParseError):
        transpile.transpile(query, museum.types)


def test_each_reject_has_its_reason(root):
    report = spider.load_report(split="test", path=root)
    reasons = {item.origin: item.reason for item in report.rejected}
    number = {text: f"dev.json#{i}" for i, (text, _) in enumerate(QUESTIONS)}
    expected = {
        "Which exhibit is the lightest?": kept.TIE,
        "Name any exhibit.": kept.TIE,
        "Which exhibits weigh a million?": kept.EMPTY,
        "Titles by museum?": kept.UNSETTLED,
        "Average badge?": kept.DISAGREES,
        "Broken?": kept.SQLITE_FAILS,
        "Not a question": kept.UNREADABLE,
    }
    assert reasons == {number[text]: reason for text, reason in expected.items()}
    assert report.kept == len(QUESTIONS) - len(expected)
    assert report.kept == len(spider.load_questions(split="test", path=root))


def test_agreement_counts_every_question_before_any_is_rejected(root, capsys):
    report = spider.load_report(split="test", path=root)
    (counts,) = report.agreement.values()
    assert sum(counts.values()) == len(QUESTIONS) and set(counts) <= {store.AGREES, store.ONLY_TIES, store.DIFFERS}
    told = {item.reason: item.agreement for item in report.rejected}
    assert told[kept.EMPTY] == store.AGREES
    assert {told[r] for r in (kept.DISAGREES, kept.SQLITE_FAILS, kept.UNREADABLE)} == {store.DIFFERS}
    assert counts[store.AGREES] > report.kept
    assert command.main([str(root), "--split", "test"]) == 0 and "share that agrees" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "how"),
    [
        ("SELECT Title FROM exhibit ORDER BY Weight LIMIT 2", store.AGREES),
        ("SELECT avg(Badge || 'x') FROM guide", store.DIFFERS),
        ("SELECT 1 FROM exhibit a, exhibit b, exhibit c, exhibit d", store.AGREES),
        ("SELECT Title FROM exhibit WHERE Weight > 1000000", store.AGREES),
    ],
)
def test_whole_results_are_compared(root, museum, query, how):
    with closing(kept.Oracle(layout.read_layout(root), "museum")) as oracle:
        found = kept.agreement(query, oracle, sandbox.shared(museum.path), museum.types)
    assert found == how


def test_another_choice_at_a_cut_is_told_from_another_result(museum):
    class Oracle:
        def __init__(self, title: str):
            self.title = title

        def rows(self, query: str) -> Result:
            return Result(("Title",), ((self.title,),))

    box = sandbox.shared(museum.path)
    cut = "SELECT Title FROM exhibit ORDER BY Weight LIMIT 1"
    told = [kept.agreement(cut, Oracle(title), box, museum.types) for title in ("Compass", "Ticket punch")]
    assert sorted(told) == sorted((store.AGREES, store.ONLY_TIES))
    heaviest = "SELECT Title FROM exhibit ORDER BY Weight DESC LIMIT 1"
    assert kept.agreement(heaviest, Oracle("Lamp"), box, museum.types) == store.DIFFERS


def test_kept_questions_come_with_sql_and_result(root, museum):
    questions = spider.load_questions(split="test", path=root)
    assert QUESTIONS[6][0] in {item.question.text for item in questions}
    for item in questions:
        assert sandbox.shared(museum.path).gold(item.sql) == item.result


@pytest.mark.parametrize(
    ("query", "settled"),
    [
        ("SELECT Name, MAX(Age) FROM guide", True),
        ("SELECT Name, MAX(Age) FROM guide GROUP BY Museum_ID", True),
        ("SELECT Title, MIN(Weight) FROM exhibit", False),
        ("SELECT Title, MIN(Weight), MAX(Weight) FROM exhibit", False),
        ("SELECT m.Name, COUNT(*) FROM museum AS m JOIN exhibit AS e USING (Museum_ID) GROUP BY m.Museum_ID", True),
        ("SELECT e.Title, COUNT(*) FROM museum AS m JOIN exhibit AS e USING (Museum_ID) GROUP BY m.Museum_ID", False),
    ],
)
def test_a_choice_among_rows_must_not_matter(root, museum, query, settled):
    question = layout.Question("dev.json#0", "museum", "?", query)
    (verdict,) = kept.check(layout.read_layout(root), museum, [question], sandbox.shared(museum.path))
    assert isinstance(verdict, store.Kept) if settled else verdict.reason == kept.UNSETTLED


# ---------------------------------------------------------------- edits


def edit_cases(name: str) -> list[tuple[str, ...]]:
    """Each line's parts: what comes before the question, the question, what is made of it, what comes after."""
    lines = (FIXTURES / f"{name}.txt").read_text("utf-8").splitlines()
    cases = []
    for line in (line for line in lines if line and not line.startswith("#")):
        before, after = line.split(" => ")
        cases.append((*before.split(" | "), *after.split(" | ")))
    return cases


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        *((edits.drop_direction, *case) for case in edit_cases("edits_direction")),
        *((edits.drop_sort_key, *case) for case in edit_cases("edits_sort_key")),
        *((lambda text: edits.drop_sort_key(text, "ranked"), *case) for case in edit_cases("edits_ranked")),
        *((edits.average_to_typical, *case) for case in edit_cases("edits_typical")),
    ],
)
def test_edits_of_the_text_alone(edit, before, after):
    assert (edit(before) or "-") == after


@pytest.mark.parametrize("case", edit_cases("edits_details"))
def test_a_list_becomes_the_details(case):
    count, before, after, *noun = case
    columns = ["name", "age", "salary"][: int(count)]
    found = edits.list_to_details(before, columns, "guide", any_noun=True)
    assert (found or ("-", ""))[0] == after and (found is None or found[1] == "".join(noun))


def test_details_are_called_information_where_a_column_has_their_name():
    asked = "What are the names and ages of all guides?"
    found = edits.list_to_details(asked, ["name", "age"], "guide", "information")
    assert found == ("What is the information about all guides?", "")


@pytest.mark.parametrize(("limit", "before", "after"), edit_cases("edits_few"))
def test_a_number_becomes_a_few(limit, before, after):
    assert (edits.number_to_few(before, int(limit)) or "-") == after


@pytest.mark.parametrize(("modifiers", "head", "before", "after"), edit_cases("edits_head"))
def test_a_columns_name_becomes_its_noun(modifiers, head, before, after):
    shown, _, every = modifiers.partition(" / ")
    assert (edits.name_to_head(before, shown, head, every.split(", ")) or "-") == after


@pytest.mark.parametrize("case", edit_cases("edits_threshold"))
def test_a_limit_becomes_a_word(case):
    column, value, before, after, *word = case
    above, value = not value.startswith("<"), value.removeprefix("<")
    if column == "*":
        found = edits.count_limit(before, value, above)
    elif column == "year":
        found = edits.year_limit(before, value, above)
    else:
        found = edits.column_limit(before, value, above, column)
    assert (found or ("-",)) == (after, *word)


@pytest.mark.parametrize(
    ("value", "years", "said"),
    [
        (37, False, "35"),
        (1234, False, "1200"),
        (4.6, False, "4.5"),
        (0, False, "0"),
        (1998, True, "2000"),
        (0.037, False, "0.04"),
    ],
)
def test_limits_are_round_numbers(value, years, said):
    assert rounded(value, years) == said


@pytest.mark.parametrize(("text", "said"), [
    ("a author of a list", "an author of a list"),
    ("A office", "An office"),
    ("a university, a unit, a user", "a university, a unit, a user"),
    ("a one-year event", "a one-year event"),
])  # fmt: skip
def test_articles(text, said):
    assert edits.articles(text) == said


@pytest.mark.parametrize(("text", "sql", "why"), edit_cases("sense"))
def test_questions_that_the_sql_contradicts(museum, text, sql, why):
    assert (sense.contradiction(text, sqlglot.parse_one(sql, dialect="duckdb"), museum) or "-") == why


# ---------------------------------------------------------------- what columns and tables are


def test_what_columns_hold(museum):
    kinds = {
        kind: {column.name for table in museum.tables for column in table.columns if getattr(column, f"is_{kind}")}
        for kind in ("key", "label", "measure")
    }
    assert kinds["key"] == {"Museum_ID", "Exhibit_ID", "Guide_ID", "Curator_ID"}
    assert kinds["label"] == {"Name", "Title", "First_Name", "Last_Name"}
    assert kinds["measure"] == {"Age", "Salary", "Weight", "Buying_Price", "Insured_Price"}


def test_details_are_a_label_and_something_beside(museum):
    name, city, age = (museum.table(t).column(c) for t, c in (("guide", "Name"), ("museum", "City"), ("guide", "Age")))
    key = museum.table("guide").column("Guide_ID")
    labels = museum.table("guide").labels
    assert labels == (name,) and museum.table("curator").labels == museum.table("curator").columns[1:]
    assert all(tells_something(columns, labels) for columns in ([name, city], [key, name, age]))
    assert not any(tells_something(columns, labels) for columns in ([name], [key, name], [city, age]))
    assert not tells_something([name, age], labels, {"age"})


@pytest.mark.parametrize(("phrase", "one", "several"), [
    ("singers", "singer", "singers"),
    ("furniture", "furniture", "furniture"),
    ("has pet", "row of has pet", "rows of has pet"),
    ("reference colors", "color", "colors"),
    ("people", "person", "people"),
])  # fmt: skip
def test_what_a_tables_rows_are_called(phrase, one, several):
    table = schema.Table(phrase, phrase, (), 1, ())
    assert (table.one, table.plural) == (one, several)


# ---------------------------------------------------------------- tasks


def drafted(source):
    """The tasks made of drafts; splits of the schema have tests of their own."""
    return [task for task in source.tasks if not task.provenance.pattern.startswith("split")]


def twins(tasks):
    """(clear, ambiguous) pairs."""
    pairs = {}
    for task in tasks:
        pairs.setdefault(task.id.rpartition("-")[0], []).append(task)
    return [sorted(pair, key=lambda task: task.gold_action is Action.CLARIFY) for pair in pairs.values()]


def notes_of(task) -> list[str]:
    lines = task.context.splitlines()
    return [line.removeprefix("- ") for line in lines[lines.index("Notes:") + 1 :]]


def test_every_text_carries_both_labels_beside_two_exchanged_notes(source):
    assert Counter(task.provenance.pattern for task in drafted(source)) == {
        "direction": 2,
        "native_direction": 4,
        "sort_key": 2,
        "ranked": 2,
        "details": 6,
        "typical": 2,
        "threshold": 2,
        "head": 2,
        "few": 2,
    }
    for clear, ambiguous in twins(drafted(source)):
        assert (clear.gold_action, ambiguous.gold_action) == (Action.ANSWER, Action.CLARIFY)
        assert clear.request == ambiguous.request
        assert clear.group == ambiguous.group and clear.slots == ambiguous.slots
        one, other = notes_of(clear), notes_of(ambiguous)
        changed = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
        assert len(changed) == 2 and not ambiguous.settled_by
        assert clear.settled_by in {a for a, _ in changed} and clear.settled_by not in other
        assert 3 <= len(one) <= 8 and len(set(one)) == len(one)
        assert len(clear.readings) == 1 and clear.readings[0].id in {r.id for r in ambiguous.readings}


def shares(note: str, request: str) -> int:
    return len(edits.stems(note) & edits.stems(request))


def test_counting_words_that_request_and_notes_share_tells_nothing(source):
    """The definition of one twin and the aside of the other are about the same thing, and so are the other two."""
    told = Counter()
    for clear, ambiguous in twins(drafted(source)):
        shared = [sum(shares(note, task.request) for note in notes_of(task)) for task in (clear, ambiguous)]
        told[(shared[0] > shared[1]) - (shared[0] < shared[1])] += 1
    assert told[0] >= told.total() / 2 and abs(told[1] - told[-1]) <= told.total() / 3


def test_a_definition_and_an_aside_exchange_what_they_are_about(museum, root):
    kept_questions = spider.load_questions(split="test", path=root)
    found = [draft for item in kept_questions for draft in drafts(item, museum) if isinstance(draft, Draft)]
    assert {draft.sort for draft in found} == set(wordings()["questions"])
    for draft in found:
        for seed in range(5):
            pair = notes.exchange(draft, draft.choices[seed % 2], museum, random.Random(seed))
            assert len({pair.settles, pair.other, pair.aside, pair.own_aside}) == 4
            shared = edits.stems(pair.settles) & edits.stems(draft.text)
            assert shared and edits.stems(pair.own_aside) & shared


@pytest.mark.parametrize("part", ["notes", "asides", "questions", "replies"])
def test_there_are_many_wordings_and_each_can_be_filled(part):
    least = {"notes": 6, "asides": 8, "questions": 6, "replies": 6}[part]
    words = {"T": "guide", "Ts": "guides", "k": "age", "w": "details", "d": "D", "c": "C", "a": "x or y"}
    for sort, texts in wordings()[part].items():
        assert len(set(texts)) == len(texts) and (len(texts) >= least or sort.startswith("direction_")), sort
        filled = {text.format(**words) for text in texts}
        assert len(filled) == len(texts) and all("  " not in text for text in filled)
        if part == "asides":
            assert not any(" D" in f" {text}" for text in filled), sort


def test_readings_run_differ_and_fill_the_slot(source):
    for task in source.tasks:
        box = sandbox.shared(source.database(task.database))
        for reading in task.readings:
            assert box.gold(reading.answer) == reading.result and reading.result.rows
        results = [reading.result for reading in task.readings]
        assert not any(grading.match(a, b).ok for i, a in enumerate(results) for b in results[:i])
        assert sum(reading.prior for reading in task.readings) == pytest.approx(1)
        (slot,) = task.slots
        assert {r.slots[slot.name] for r in task.readings} <= {option.value for option in slot.options}
        assert all(len(set(option.replies)) >= 5 for option in slot.options)
        assert actions.slots_asked(task.gold_question, task.slots, task.request) == (slot.name,)
        assert actions.action_of(task.gold_question) is Action.CLARIFY
        for option in slot.options:
            assert actions.options_offered(f"Do you mean {option.gloss}?", slot) == (option.value,)
            assert all(actions.statement_in(reply) is None for reply in option.replies)


def test_context_quotes_what_sql_must_quote(source):
    context = source.tasks[0].context
    assert context.startswith("Tables:\nmuseum(Museum_ID integer, Name text, City text [Hull|Leeds|Lyon], ")
    assert '"Opening Year" integer, Visitors double, "Free_%" double)' in context
    assert "exhibit(Exhibit_ID integer, Museum_ID integer -> museum, Title text" in context


def test_provenance_and_paraphrases(source):
    assert {task.provenance.licence for task in source.tasks} == {"CC BY-SA 4.0 (Spider)"}
    assert {task.provenance.origin for task in source.tasks} == {
        f"dev.json#{i}" for i in (0, 1, 3, 4, 5, 14, 15, 16, 17)
    }
    assert len({task.id for task in source.tasks}) == len(source.tasks)
    groups = {task.provenance.origin: task.group for task in source.tasks}
    assert groups["dev.json#4"] == groups["dev.json#5"] != groups["dev.json#0"]


def test_the_rest_of_a_broken_corpus_is_served(root):
    (split,) = {layout.read_layout(root).split_of(name) for name in ("gallery",)}
    source, report = spider.load(split=split, path=root), spider.load_report(split=split, path=root)
    assert any("weight" in task.request for task in source.tasks)
    broken = {problem.where for problem in report.problems} & {"gone", "hollow", "noise"}
    assert report.reasons()[kept.NO_DATABASE] == len(broken)


def test_a_second_load_reads_the_cache_and_gives_the_same(root, source, monkeypatch, tmp_path):
    monkeypatch.setattr(spider, "_build", lambda *_: pytest.fail("built again"))
    assert spider.load(split="test", path=root).tasks == source.tasks
    again = pickle.loads(pickle.dumps(source))
    assert again.database("museum") == source.database("museum")
    monkeypatch.undo()
    monkeypatch.setenv("ACT_CLARIFY_CACHE", str(tmp_path))
    assert spider.load(split="test", path=root).content_hash == source.content_hash == content_hash(source.tasks)


def test_changed_content_is_built_anew(root, tmp_path):
    other = make_spider(tmp_path / "other")
    assert (
        store.folder_of(layout.read_layout(other), "test").parent
        == store.folder_of(layout.read_layout(root), "test").parent
    )
    before = store.folder_of(layout.read_layout(other), "test")
    connection = sqlite3.connect(other / "database" / "museum" / "museum.sqlite")
    connection.execute("UPDATE guide SET Age = 20 WHERE Guide_ID = 1")
    connection.commit()
    connection.close()
    assert store.folder_of(layout.read_layout(other), "test") != before


def test_no_readable_database_is_an_error(tmp_path):
    root = make_spider(tmp_path / "empty")
    (root / "database" / "museum" / "museum.sqlite").unlink()
    with pytest.raises(DataNotFound, match="no database of split 'test'"):
        spider.load(split="test", path=root)


def test_summary_command(root, source, capsys):
    assert command.main([str(root), "--split", "test", "--drafts"]) == 0
    told = capsys.readouterr().out
    assert "empty result" in told and "information, details, ambiguous" in told and "tables.json#0" in told
    assert command.main([str(root / "nowhere")]) == 1


# ---------------------------------------------------------------- the real files


@pytest.fixture(scope="module")
def real() -> layout.Layout:
    folder = os.environ.get("ACT_DATA_DIR")
    if not folder or not (Path(folder) / "spider" / "database").is_dir():
        pytest.skip("ACT_DATA_DIR names no folder with spider/ in it")
    return layout.read_layout(Path(folder) / "spider")


@pytest.mark.data
@pytest.mark.parametrize(("database", "share"), [("concert_singer", 0.9), ("world_1", 0.5)])
def test_real_questions_agree(real, database, share):
    questions = [question for question in real.questions if question.database == database]
    assert questions
    loaded = schema.load(real, database)
    with sandbox.Sandbox(loaded.path) as box:
        verdicts = list(kept.check(real, loaded, questions, box))
    reasons = Counter(verdict.reason for verdict in verdicts if isinstance(verdict, store.Rejected))
    assert not {kept.FAILS, kept.DISAGREES, kept.UNREADABLE, kept.SQLITE_FAILS} & set(reasons), reasons
    assert len(verdicts) - reasons.total() >= share * len(questions)
    agree = [v for v in verdicts if isinstance(v, store.Kept) or v.agreement == store.AGREES]
    assert len(agree) >= 0.95 * len(questions)


@pytest.mark.data
@pytest.mark.parametrize("database", ["concert_singer", "car_1", "dog_kennels"])
def test_real_questions_become_twins_that_counting_words_does_not_tell_apart(real, database):
    questions = [question for question in real.questions if question.database == database]
    loaded = schema.load(real, database)
    with sandbox.Sandbox(loaded.path) as box:
        mine = [v for v in kept.check(real, loaded, questions, box) if isinstance(v, store.Kept)]
        made = tuple(build._tasks(mine, loaded, "test", box, Counter()))
    assert len(made) >= 2 * 5
    told = Counter()
    for clear, ambiguous in twins(made):
        assert clear.request == ambiguous.request and len(ambiguous.readings) > 1
        shared = [sum(shares(note, task.request) for note in notes_of(task)) for task in (clear, ambiguous)]
        told[(shared[0] > shared[1]) - (shared[0] < shared[1])] += 1
    assert told[0] >= told.total() / 2
