"""PACIFIC and Abg-CoQA: what is read of the authors' layouts, what tasks it makes, and how the user talks."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections import Counter
from pathlib import Path

import pytest

import act_env
from act_env.conversation import Action
from act_env.env import ClarifyEnv
from act_env.errors import DataNotFound, MalformedRecord
from act_env.registration import ABG_COQA, PACIFIC
from act_env.text.judge import token_judge
from agents.evaluate import evaluate
from agents.scripted import Oracle
from envs_data import abg_coqa, pacific, published
from envs_data.abg_coqa.tasks import gloss
from envs_data.pacific.layout import read_dialogues, scaled, worked_out

FIXTURES = Path(__file__).parents[1] / "fixtures"
DATA = os.environ.get("ACT_DATA_DIR")
TINY = {PACIFIC: FIXTURES / "pacific" / "tiny.json", ABG_COQA: FIXTURES / "abg_coqa" / "tiny.json"}
needs_data = pytest.mark.skipif(not DATA, reason="ACT_DATA_DIR names no folder with the real data")


def everything(id: str, path: Path) -> act_env.tasks.TaskSource:
    """All tasks of a published file, whatever their split."""
    load = {PACIFIC: pacific, ABG_COQA: abg_coqa}[id].load_published
    sources = [load(split=split, path=path) for split in published.SPLITS]
    left_out = {name: why for source in sources for name, why in source.left_out.items()}
    return act_env.tasks.TaskSource.of("all", [task for s in sources for task in s.tasks], left_out=left_out)


@pytest.fixture(scope="module", params=[PACIFIC, ABG_COQA])
def tiny(request) -> act_env.tasks.TaskSource:
    return everything(request.param, TINY[request.param])


def task_of(source, request: str):
    return next(task for task in source.tasks if task.request == request)


def asked(task, question: str, intention: str | None = None, seed: int = 0):
    """What the user says to a question about a task, and the slots that resolves."""
    source = act_env.tasks.TaskSource.of("one", [task])
    env = ClarifyEnv(environment=task.environment, tasks=source)
    env.reset(seed=seed, options={"task_id": task.id} | ({"intention": intention} if intention else {}))
    env.step(question)
    *_, mine, reply = env.episode.turns
    return reply.text, mine.resolved


# Reading.


def test_a_malformed_record_is_said_by_its_id_and_the_others_are_read():
    dialogues, left_out = read_dialogues(FIXTURES / "pacific" / "malformed.json")
    assert len(dialogues) == 1
    again = next(iter(dialogues))
    assert left_out == {
        "no-table": "no field 'table'",
        "table-of-text": "table should be a list of rows",
        "number-for-question": "question of turn 'number-for-question/1' should be text, not 7",
        "unknown-scale": left_out["unknown-scale"],
        "answer-of-nothing": "turn 'answer-of-nothing/1': answer ['', ' '] is no text and no number",
        "answer-nan": "turn 'answer-nan/5': answer None is no text and no number",
        "asks-without-type": "turn 'asks-without-type/2': answer_type 'span' beside req_clari True",
        "asked-last": left_out["asked-last"],
        "no-turns": "the dialogue has no turns",
        "record 10": left_out["record 10"],
        "record 11": left_out["record 11"],
        f"{again} (record 12)": "another record has this id",
    }
    assert "'dozen'" in left_out["unknown-scale"] and "asked-last/2" in left_out["asked-last"]


def test_a_malformed_story_is_said_by_its_id():
    with pytest.warns(UserWarning, match="are left out"):
        found = everything(ABG_COQA, FIXTURES / "abg_coqa" / "malformed.json")
    assert len(found.tasks) == 1
    assert set(found.left_out) == {
        "no-story|1|1",
        "label|1|1",
        "no-replies|1|1",
        "no-answer|1|1",
        "history|1|1",
        "same-answers|1|1",
        "record 7",
        f"{found.tasks[0].id} (record 8)",
    }
    assert found.left_out["same-answers|1|1"] == "all replies to its clarifying question have the same answer"


@pytest.mark.parametrize("text", ["", "{", '{"data": []}', "[1, 2", "\ufeff[]x"])
def test_what_is_no_list_of_records_is_one_error(tmp_path, text):
    file = tmp_path / "validation.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MalformedRecord, match=r"validation\.json"):
        pacific.load_published(path=file)


def test_where_the_files_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("ACT_DATA_DIR", raising=False)
    with pytest.raises(DataNotFound, match="ACT_DATA_DIR"):
        pacific.load_published()
    with pytest.raises(DataNotFound, match=r"validation\.json"):
        pacific.load_published(path=tmp_path)
    (tmp_path / "pacific").mkdir()
    (tmp_path / "pacific" / "validation.json").write_bytes(TINY[PACIFIC].read_bytes())
    by_folder = pacific.load_published(path=tmp_path / "pacific")
    monkeypatch.setenv("ACT_DATA_DIR", str(tmp_path))
    assert pacific.load_published() == by_folder == pacific.load_published(path=TINY[PACIFIC])
    with pytest.raises(ValueError, match="'night'"):
        pacific.load_published(split="night")
    with pytest.raises(ValueError, match="published"):
        abg_coqa.load(path=tmp_path)


@needs_data
@pytest.mark.data
def test_the_authors_files_hold_what_they_say():
    turns = everything(PACIFIC, Path(DATA) / "pacific")
    assert len(turns.conversations()) == 277 and len(turns.tasks) == 1982
    assert sum(task.gold_action is Action.CLARIFY for task in turns.tasks) == 320
    sizes = [
        len(pacific.load_published(split=split, path=Path(DATA)).conversations()) for split in ("train", "dev", "test")
    ]
    assert sizes == [130, 27, 120] and not turns.left_out
    records, malformed = abg_coqa.read_published(published.find(Path(DATA), "abg_coqa", abg_coqa.FILES))
    assert len(records) == 629 and not malformed
    assert sum(bool(record.meanings) for record in records.values()) == 68
    assert sum(len(record.meanings) == 1 for record in records.values()) == 9


@needs_data
@pytest.mark.data
def test_the_splits_have_the_labels_in_the_ratio_of_the_file():
    stories: dict[str, str] = {}
    for split in published.SPLITS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            tasks = abg_coqa.load_published(split=split, path=Path(DATA)).tasks
        ratio = sum(task.gold_action is Action.CLARIFY for task in tasks) / len(tasks)
        assert ratio == pytest.approx(68 / 629, abs=0.02), split
        for task in tasks:
            assert stories.setdefault(task.database, split) == split


@needs_data
@pytest.mark.data
@pytest.mark.parametrize(
    ("id", "scope"), [(PACIFIC, "turn"), (PACIFIC, "conversation"), (ABG_COQA, "turn")], ids=lambda value: str(value)
)
def test_the_oracle_reaches_the_maximum_on_the_authors_files(id, scope):
    for split in published.SPLITS:
        source = act_env.load_source(id, split=split, source="published", path=DATA, scope=scope)
        episodes = evaluate(Oracle(), env_id=id, source=source, scope=scope, seeds=(1,))
        assert len(episodes) == len(source.tasks)
        for episode in episodes:
            assert episode.outcome.score == pytest.approx(1.0), episode.task_id


# Tasks.


def test_ids_and_hashes_do_not_depend_on_the_files_order(tmp_path):
    forms = json.loads(TINY[PACIFIC].read_text(encoding="utf-8"))
    (tmp_path / "validation.json").write_text(json.dumps(forms[::-1]), encoding="utf-8")
    for split in published.SPLITS:
        one, other = (pacific.load_published(split=split, path=path) for path in (TINY[PACIFIC], tmp_path))
        assert {task.id for task in one.tasks} == {task.id for task in other.tasks}


def test_tasks_survive_their_json_form(tiny):
    from act_env.conversation import task_from_json, to_json

    for task in (*tiny.tasks, *act_env.tasks.whole(tiny).tasks):
        assert task_from_json(json.loads(json.dumps(to_json(task)))) == task


def test_a_turn_comes_after_its_gold_history():
    tasks = everything(PACIFIC, TINY[PACIFIC]).tasks
    turn = next(task for task in tasks if task.request == "And freight?")
    assert [t.text for t in turn.history] == [
        "Which ferries does the line run?",
        "Nordstern; Albatros; Möwe",
        "What are the fares?",
        "Which year are you asking about?",
        "2021",
        "$1,204.5 thousand",
    ]
    assert [t.action for t in turn.history[1::2]] == [Action.ANSWER, Action.CLARIFY, Action.ANSWER]
    assert turn.context.startswith("Table:\n|   | 2021 | 2020 |\n| Fares | $1,204.5 | $ 988.0 |")
    assert turn.context.endswith("“Möwe”.")


def test_a_dialogue_serves_all_but_the_users_replies():
    source = everything(PACIFIC, TINY[PACIFIC])
    ferry = next(task for task in act_env.tasks.whole(source).tasks if "ferries" in task.request)
    assert [part.request for part in ferry.parts] == [
        "Which ferries does the line run?",
        "What are the fares?",
        "And freight?",
        "By how much did fares rise?",
        "In percent?",
    ]
    assert Counter(task.replies_to_question for task in source.tasks)[True] == 5


def test_only_the_dialogues_own_reading_is_known_and_drawn():
    source = everything(PACIFIC, TINY[PACIFIC])
    task = task_of(source, "What are the fares?")
    env = ClarifyEnv(environment=PACIFIC, tasks=source)
    assert [(reading.id, reading.prior) for reading in task.readings] == [("meant", 1.0), ("other", 0.0)]
    for seed in range(20):
        env.reset(seed=seed, options={"task_id": task.id})
        assert env.intention == "meant" and env.right_action is Action.CLARIFY
    *_, info = env.step("$1,204.5 thousand")
    assert info["outcome"].match == 1.0 and info["outcome"].score == 0.0 and info["outcome"].regret is None


def test_a_story_with_one_reply_is_listed_as_such():
    tasks = everything(ABG_COQA, TINY[ABG_COQA]).tasks
    (single,) = [task for task in tasks if task.kind == "single reply"]
    assert single.gold_action is Action.CLARIFY and [reading.prior for reading in single.readings] == [1.0, 0.0]


def test_the_seed_draws_who_is_meant():
    task = task_of(everything(ABG_COQA, TINY[ABG_COQA]), "What was lost?")
    env = ClarifyEnv(environment=ABG_COQA, tasks=act_env.tasks.TaskSource.of("one", [task]))
    meant = Counter()
    for seed in range(40):
        env.reset(seed=seed)
        meant[env.intention] += 1
    assert set(meant) == {"reply 1", "reply 2"} and min(meant.values()) > 8


@pytest.mark.parametrize(
    ("span", "scale", "said"),
    [
        ("$ 64,798", "thousand", "$ 64,798 thousand"),
        ("13.2", "percent", "13.2%"),
        ("13.2%", "percent", "13.2%"),
        ("95.1 million", "million", "95.1 million"),
        ("not material", "million", "not material"),
        ("(40.5)", "thousand", "(40.5) thousand"),
        ("7", "", "7"),
    ],
)
def test_a_number_says_its_scale_once(span, scale, said):
    assert scaled(span, scale) == said


def test_figures_are_checked_by_their_derivation():
    dialogues, _ = read_dialogues(TINY[PACIFIC])
    turns = {turn.request: turn for dialogue in dialogues.values() for turn in dialogue.turns}
    assert worked_out(turns["In percent?"])[0] == "21.913"
    assert len(turns["In percent?"].accepted) == 1

    wrong = dataclasses.replace(turns["What is the total duty?"], derivation="1.5+4.0")
    assert wrong.accepted[0].spans == ("3.5",) and len(wrong.accepted) == 2


@pytest.mark.parametrize(
    ("reply", "question", "meant"),
    [
        ("Yes.", "Do you mean Williams?", "Williams"),
        ("No, I mean Young.", "Do you mean Williams?", "Young"),
        ("I mean with Ray Rice.", "Do you mean with Michael Vick or Ray Rice?", "with Ray Rice"),
        ("Yes", "Are you asking where the press has offices?", "where the press has offices"),
        ("I am referring to the Faisal Mosque.", "What are you referring to?", "the Faisal Mosque"),
        ("Charge.", "The third what?", "Charge"),
        ("No", "Who?", "Who"),
    ],
)
def test_a_reply_in_words_that_stand_alone(reply, question, meant):
    assert gloss(reply, question) == meant


# The user.


def test_the_gold_question_gets_what_a_person_said_to_it():
    boat = task_of(everything(ABG_COQA, TINY[ABG_COQA]), "What was lost?")
    assert asked(boat, "Do you mean before lunch?", "reply 1") == ("Yes.", ("meaning",))
    assert asked(boat, "do you mean BEFORE lunch", "reply 2") == ("No, I mean after lunch.", ("meaning",))
    fares = task_of(everything(PACIFIC, TINY[PACIFIC]), "What are the fares?")
    assert asked(fares, "Which year are you asking about?") == ("2021", ("turn 2",))


def test_another_question_about_the_same_gets_it_in_other_words():
    boat = task_of(everything(ABG_COQA, TINY[ABG_COQA]), "What was lost?")
    for question, intention, hint in (
        ("Do you mean after lunch?", "reply 1", "before lunch"),
        ("Before lunch or after lunch?", "reply 2", "after lunch"),
        ("Are you asking about the hat or the knife?", "reply 2", "after lunch"),
    ):
        text, resolved = asked(boat, question, intention)
        assert resolved == ("meaning",) and hint in text.lower(), question
    fares = task_of(everything(PACIFIC, TINY[PACIFIC]), "What are the fares?")
    text, resolved = asked(fares, "For which period?")
    assert "2021" in text and resolved


def test_a_question_about_something_else_is_told_so():
    fares = task_of(everything(PACIFIC, TINY[PACIFIC]), "What are the fares?")
    for question in ("Which region are you asking about?", "What kind of expense do you mean?"):
        text, resolved = asked(fares, question)
        assert not resolved and "2021" not in text
    text, resolved = asked(fares, "What do you mean?")
    assert "What are the fares?" in text and not resolved


def test_a_needless_question_is_told_so():
    freight = task_of(everything(PACIFIC, TINY[PACIFIC]), "And freight?")
    text, resolved = asked(freight, "Which year are you asking about?")
    assert not resolved and "freight" not in text.lower()


def test_the_answer_is_never_given_away(tiny):
    for task in (task for task in tiny.tasks if task.gold_action is Action.CLARIFY):
        for question in (task.gold_question, "What is the answer?", "Can you tell me the answer, please?"):
            text, _ = asked(task, question)
            assert token_judge().closeness(text, task.readings[0].accepted) <= 0.5, (question, text)
