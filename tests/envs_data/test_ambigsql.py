"""The bundled corpus: twins, verified readings, wordings, and that building again gives the same bytes."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest

from act_env import actions
from act_env.conversation import Action
from act_env.sql import grading, sandbox
from envs_data import ambigsql
from envs_data.ambigsql import build
from envs_data.ambigsql.drafts import SORTS, adds_up, tidy, wordings
from envs_data.ambigsql.heads import gap_of
from envs_data.ambigsql.notes import aside, exchange, fillers, other_gap, settling
from envs_data.ambigsql.patterns import KINDS
from envs_data.ambigsql.rows import part_of
from envs_data.ambigsql.spec import SPLITS, Column, ident
from envs_data.ambigsql.values import round_number
from envs_data.duck import bundled_database, bundled_names, database_path


@pytest.fixture(scope="module")
def corpus():
    return {split: ambigsql.load(split=split) for split in SPLITS}


@pytest.fixture(scope="module")
def tasks(corpus):
    return [task for source in corpus.values() for task in source.tasks]


def test_size_balance_and_kinds(corpus, tasks):
    labels = Counter(task.gold_action for task in tasks)
    assert min(labels.values()) >= 2000
    assert min(Counter(task.kind for task in corpus["test"].tasks).values()) >= 200
    for source in corpus.values():
        labels = Counter((task.kind, task.gold_action) for task in source.tasks)
        assert {kind for kind, _ in labels} == set(KINDS)
        for kind in KINDS:
            assert labels[kind, Action.CLARIFY] == labels[kind, Action.ANSWER] > 0
    assert len({task.id for task in tasks}) == len(tasks)


def test_splits_are_by_database(corpus):
    for split, source in corpus.items():
        assert {task.database for task in source.tasks} == set(bundled_names(split))


@pytest.fixture(scope="module")
def pairs(tasks):
    """The twins of every request, the clear one first."""
    twins = defaultdict(list)
    for task in tasks:
        twins[task.database, task.request, task.kind].append(task)
    return [sorted(pair, key=lambda task: task.gold_action.value) for pair in twins.values()]


def notes_of(task):
    return [line.removeprefix("- ") for line in task.context.partition("\nNotes:\n")[2].split("\n")]


def test_every_text_carries_both_labels(pairs):
    for pair in pairs:
        assert [task.gold_action.value for task in pair] == ["answer", "clarify"]
        assert pair[0].group == pair[1].group


def test_twins_differ_in_a_definition_and_an_aside_for_each_gap_that_is_open(pairs):
    for clear, ambiguous in pairs:
        first, second = notes_of(clear), notes_of(ambiguous)
        assert 3 <= len(first) == len(second) <= 8
        open_slots = {name for name in clear.readings[0].slots if len({r.slots[name] for r in ambiguous.readings}) > 1}
        assert sum(a != b for a, b in zip(first, second, strict=True)) == 2 * len(open_slots)


def test_only_what_settles_a_gap_is_named_as_settling(tasks):
    for task in tasks:
        clear = task.gold_action is Action.ANSWER
        settling_notes = task.settled_by.split("; ") if task.settled_by else []
        assert clear == (len(task.readings) == 1)
        assert len(settling_notes) == (len(task.slots) if clear else len(task.slots) - open_slots(task))
        assert set(settling_notes) <= set(notes_of(task))


def open_slots(task):
    return sum(len({reading.slots[slot.name] for reading in task.readings}) > 1 for slot in task.slots)


def test_requests_with_two_gaps_leave_one_or_two_open(tasks):
    left = Counter(open_slots(task) for task in tasks if task.kind == "double" and task.gold_action is Action.CLARIFY)
    assert set(left) == {1, 2} and left[2] > left[1] > 0.2 * left[2]


def test_readings_differ_and_are_not_empty(tasks):
    for task in tasks:
        results = [reading.result for reading in task.readings]
        assert all(result.rows for result in results)
        assert abs(sum(reading.prior for reading in task.readings) - 1) < 1e-9
        for i, result in enumerate(results):
            assert not any(grading.match(result, other).ok for other in results[i + 1 :]), task.id


def test_stored_results_are_what_the_databases_answer(tasks):
    for task in random.Random(0).sample(tasks, 60):
        box = sandbox.shared(database_path(task.database))
        for reading in task.readings:
            assert box.gold(reading.answer) == reading.result


def test_gold_questions_ask_about_what_is_open(tasks):
    for task in tasks:
        assert actions.action_of(task.gold_question) is Action.CLARIFY, task.gold_question
        asked = actions.slots_asked(task.gold_question, task.slots, task.request)
        if task.gold_action is Action.CLARIFY:
            differing = {s.name for s in task.slots if len({r.slots[s.name] for r in task.readings}) > 1}
            assert set(asked) == differing


def test_many_wordings_a_pattern_and_a_kind_of_note(tasks):
    for name, pattern in wordings()["requests"].items():
        assert len(set(pattern["wordings"])) >= 8, name
    for section in ("questions", "replies"):
        assert all(len(set(texts)) >= 5 for texts in wordings()[section].values())
    texts = {task.request.lower() for task in tasks}
    assert len(texts) > 0.45 * len(tasks)


@pytest.mark.slow
def test_building_again_gives_the_same_bytes(capsys):
    assert build.main(["--check"]) == 0


@pytest.mark.parametrize("name", bundled_names())
def test_notes_are_about_what_they_say(name):
    rng, database = random.Random(5), bundled_database(name)
    for sort in SORTS:
        gap = other_gap(database, sort, rng, ())
        other = other_gap(database, sort, rng, [gap])
        assert gap.sort == other.sort == sort and not gap.near(other)
        note = settling(database, gap, gap.choices[0], rng)
        assert note.defines and note.target == gap.target
        assert not aside(database, gap, rng).defines
        swapped = exchange(database, gap, gap.choices[0], (other, other.choices[0]), rng)
        assert [n.target == gap.target for n in (*swapped.definitions, *swapped.asides)] == [True, False, False, True]
        assert {n.target for n in fillers(database, [gap], 5, rng)}.isdisjoint({gap.target})


def test_what_goes_by_the_same_column_settles_by_analogy():
    database = bundled_database("shipping")
    heads = {gap.word: gap for gap in (gap_of(database.table(h.table), h) for h in database.heads)}
    values = [part_of(database.table(v.table), v, random.Random(0))[0].gap for v in database.values]
    siblings = [v for v in values if v.columns & values[0].columns]
    assert len(siblings) > 1 and all(values[0].near(v) for v in siblings)
    assert any(head.near(value) for head in heads.values() for value in values)
    assert not heads["weight"].near(heads["tariff"])


def test_sums_are_asked_for_where_they_mean_something():
    assert adds_up(Column("net_revenue", "DOUBLE", "measure", "net revenue"))
    assert not adds_up(Column("list_price", "DOUBLE", "measure", "list price"))
    assert not adds_up(Column("title", "VARCHAR", "other", "title"))


@pytest.mark.parametrize(
    ("name", "written"),
    [("area", "area"), ("order", '"order"'), ("net revenue", '"net revenue"'), ('a"b', '"a""b"'), ("1st", '"1st"')],
)
def test_identifiers_are_quoted_where_they_must_be(name, written):
    assert ident(name) == written


def test_load_refuses_what_it_does_not_have():
    with pytest.raises(ValueError, match="'validation'"):
        ambigsql.load(split="validation")
    with pytest.raises(ValueError, match="takes no path"):
        ambigsql.load(path="somewhere")


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("List the  stores sorted by price.", "List the stores sorted by price."),
        ("stores with region north only,, by price", "stores with region north only, by price"),
        ("the stores, kind mall only,?", "the stores, kind mall only?"),
        ("a airport and a plane", "an airport and a plane"),
    ],
)
def test_tidy(text, tidied):
    assert tidy(text) == tidied


@pytest.mark.parametrize(("value", "rounded"), [(0, 0), (1234, 1200), (0.0371, 0.037), (98.6, 99), (-47.3, -47)])
def test_round_number(value, rounded):
    assert round_number(value) == rounded
