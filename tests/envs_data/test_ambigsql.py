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
from envs_data.ambigsql.notes import about, fillers, settling
from envs_data.ambigsql.patterns import drafts, tidy, wordings
from envs_data.ambigsql.spec import SPLITS
from envs_data.ambigsql.values import Rows, round_number
from envs_data.duck import bundled_database, bundled_names, database_path

KINDS = {"information", "population", "presentation"}


@pytest.fixture(scope="module")
def corpus():
    return {split: ambigsql.load(split=split) for split in SPLITS}


@pytest.fixture(scope="module")
def tasks(corpus):
    return [task for source in corpus.values() for task in source.tasks]


def test_size_balance_and_kinds(corpus, tasks):
    assert len(tasks) >= 800
    for source in corpus.values():
        labels = Counter((task.kind, task.gold_action) for task in source.tasks)
        assert {kind for kind, _ in labels} == KINDS
        for kind in KINDS:
            assert labels[kind, Action.CLARIFY] == labels[kind, Action.ANSWER] > 0
    assert len({task.id for task in tasks}) == len(tasks)


def test_splits_are_by_database(corpus):
    for split, source in corpus.items():
        assert {task.database for task in source.tasks} == set(bundled_names(split))


def test_every_text_carries_both_labels_beside_one_differing_note(tasks):
    twins = defaultdict(list)
    for task in tasks:
        twins[task.database, task.request].append(task)
    for pair in twins.values():
        assert sorted(task.gold_action.value for task in pair) == ["answer", "clarify"]
        first, second = (task.context.split("\n") for task in pair)
        assert len(first) == len(second)
        assert sum(a != b for a, b in zip(first, second, strict=True)) == 1
        assert pair[0].group == pair[1].group


def test_only_the_clear_twin_names_what_settles_it(tasks):
    for task in tasks:
        clear = task.gold_action is Action.ANSWER
        assert bool(task.settled_by) == clear == (len(task.readings) == 1)
        notes = task.context.partition("\nNotes:\n")[2].split("\n")
        assert 3 <= len(notes) <= 5
        assert not clear or f"- {task.settled_by}" in notes


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


def test_gold_questions_ask_about_the_open_slot(tasks):
    for task in tasks:
        assert actions.action_of(task.gold_question) is Action.CLARIFY, task.gold_question
        assert actions.slots_asked(task.gold_question, task.slots, task.request) == (task.slots[0].name,)


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


def test_no_filler_settles_and_every_settling_note_is_about_its_target():
    rng = random.Random(5)
    for name in bundled_names():
        database = bundled_database(name)
        for kind in sorted(KINDS):
            for _ in range(30):
                if (draft := drafts(database, kind, Rows(name), rng)) is None:
                    continue
                assert settling(database, draft, draft.choices[0], rng).target == draft.target
                other = about(database, draft.sort, rng, draft.target)
                assert other.target != draft.target and other.target[0] == draft.sort
                targets = [note.target for note in fillers(database, draft, 4, rng, beside=other)]
                assert len({*targets, draft.target, other.target}) == len(targets) + 2


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
