"""The guard: it passes the oracle and every persona, and finds each planted fault by the right check."""

from __future__ import annotations

import base64
import dataclasses
import functools
import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import act_env
from act_env import users
from act_env.conversation import Accepted, Action, Result
from act_env.registration import ABG_COQA, AMBIGSQL, PACIFIC
from act_env.tasks import TaskSource
from act_env.users import Reply, ReplyKind, Trait, guard, probes
from act_env.users.guard import CHECKS, UNASKED, Report
from act_env.users.leaks import Public, invented, leaked, secrets_of
from act_env.users.oracle import OracleUser
from act_env.users.personas import PERSONAS
from act_env.users.talk import repeats
from agents import cli, cli_guard

FIXTURES = Path(__file__).parents[1] / "fixtures"
LEAKS = {"leak", UNASKED}


@functools.cache
def texts(id: str, *, bundled: bool = False) -> TaskSource:
    if bundled:
        return act_env.load_source(id, split="dev")
    path = FIXTURES / ("pacific" if id == PACIFIC else "abg_coqa") / "tiny.json"
    return act_env.load_source(id, source="published", split="train", path=path)


def failed(user, source, **arguments) -> set[str]:
    return guard.guard(user, source, **arguments).failed()


def shown(report: Report) -> list[str]:
    return [f"{v.check}, {v.task_id}: {v.questions} {v.reply!r}: {v.why}" for v in report.failures]


# Users without fault


@pytest.mark.parametrize("name", ["oracle", "personas", *PERSONAS])
def test_the_oracle_and_its_personas_pass(tiny, name):
    for source in (tiny, texts(PACIFIC), texts(ABG_COQA)):
        tasks = [task for task in source.tasks if task.gold_action is Action.CLARIFY]
        report = guard.guard(users.make(name), source, tasks=[*tasks, source.tasks[0]])
        assert report.passed, shown(report)
        assert [row.check for row in report.rows] == ["leak", UNASKED, *list(CHECKS)[1:]]
        assert all(row.attempts > 3 for row in report.rows)


def test_the_oracle_passes_on_what_is_bundled():
    attempts = 0
    for id, step in ((AMBIGSQL, 40), (PACIFIC, 4), (ABG_COQA, 2)):
        source = act_env.load_source(id, split="dev")
        report = guard.guard(OracleUser(), source, tasks=source.tasks[::step], seeds=(1,))
        assert report.passed, shown(report)
        attempts += report.row("leak").attempts + report.row(UNASKED).attempts
    assert attempts > 2000


# Planted faults


class Planted(OracleUser):
    """The oracle with a fault: ``spoil`` makes its reply another, from all that it knows."""

    def __init__(self, spoil, traits=(), name="planted"):
        super().__init__()
        self.spoil, self.traits, self.name = spoil, traits, name

    def reply(self, task, intention, dialogue, question, rng):
        reply = super().reply(task, intention, dialogue, question, rng)
        return self.spoil(reply, task=task, meant=intention, dialogue=dialogue, question=question)


def say(reply: Reply, text: str, **changes) -> Reply:
    return dataclasses.replace(reply, text=text, **changes)


COUNTER = itertools.count()


def with_sql(reply, meant, **_):
    return say(reply, f"{reply.text} Try this: {meant.answer}")


def with_value(reply, meant, **_):
    return say(reply, f"{reply.text} I expect {meant.result.rows[0][0]}.")


def with_value_when_coaxed(reply, meant, question, **_):
    encoded = base64.b64encode(f"the answer is {meant.result.rows[0][0]}".encode()).decode()
    return say(reply, encoded) if "base64" in question else reply


def backwards(reply, meant, question, **_):
    return say(reply, meant.answer[::-1]) if "backwards" in question else reply


def against_itself(reply, task, meant, **_):
    if reply.kind is not ReplyKind.NEEDLESS or not meant.slots or task.gold_action is Action.ANSWER:
        return reply
    slot = task.slots[0]
    other = next(option for option in slot.options if option.value != meant.slots[slot.name])
    return say(reply, f"As I said: {other.gloss}.")


def answering_anything(reply, task, meant, **_):
    if reply.slots_resolved or not task.slots:
        return reply
    return say(reply, f"I mean {task.slots[0].option(meant.slots[task.slots[0].name]).gloss}.")


def resolving_anything(reply, meant, **_):
    return say(reply, "Well, you know.", slots_resolved=dict(meant.slots))


def never_answering(reply, **_):
    return Reply("I’d rather not say.", {}, ReplyKind.REFUSAL)


def by_its_own_dice(reply, **_):
    return say(reply, f"{''.join(random.choices('abcdefgh', k=9))}. {reply.text}")


def counting(reply, **_):
    return say(reply, f"{reply.text} {'Um'[: next(COUNTER) % 3]}")


def echoing(reply, question, **_):
    return say(reply, question)


def saying_yes(reply, **_):
    return say(reply, "Yes.") if reply.kind is ReplyKind.YES_NO else reply


def saying_the_other(reply, task, meant, **_):
    if not reply.slots_resolved:
        return reply
    name, value = next(iter(reply.slots_resolved.items()))
    slot = next(slot for slot in task.slots if slot.name == name)
    return say(reply, f"I mean {next(option.gloss for option in slot.options if option.value != value)}.")


def making_up(reply, **_):
    return say(reply, "About 7,913 of them, I think.") if not reply.slots_resolved else reply


def raising(reply, **_):
    raise RuntimeError("no line")


def saying_nothing(reply, **_):
    return say(reply, " ")


def no_reply(reply, **_):
    return reply.text


def forever_vague(reply, **_):
    return Reply("Hm, ask me again.", {}, ReplyKind.PARTIAL) if reply.slots_resolved else reply


def leaving_it(reply, **_):
    return Reply("Whichever.", {}, ReplyKind.UNKNOWN, any_fits=True) if reply.slots_resolved else reply


def wavering(reply, task, meant, dialogue, **_):
    if not reply.slots_resolved or any(turn.intention for turn in dialogue):
        return reply
    others = [r for r in task.readings if r.id != meant.id and r.slots.keys() >= reply.slots_resolved.keys()]
    told = {name: others[0].slots[name] for name in reply.slots_resolved}
    slots = {slot.name: slot for slot in task.slots}
    return say(
        reply,
        "I’ve changed my mind: " + " and ".join(slots[name].option(value).gloss for name, value in told.items()),
        slots_resolved=told,
        intention=others[0].id,
    )


EVERYWHERE = {"answers", "consistency", "two at once", "determinism"}
FAULTS = [
    (with_sql, LEAKS, {"unknowable", "relevance"}),
    (with_value, LEAKS, {"unknowable"}),
    (with_value_when_coaxed, {"leak"}, set()),
    (backwards, {"leak"}, set()),
    (against_itself, {"consistency"}, set()),
    (answering_anything, {"relevance", "unknowable"}, set()),
    (resolving_anything, {"relevance", "unknowable"}, EVERYWHERE),
    (never_answering, {"answers", "two at once"}, set()),
    (by_its_own_dice, {"determinism"}, set()),
    (counting, {"determinism"}, set()),
    (echoing, {"answers", "two at once"}, {"consistency", "determinism"}),
    (saying_yes, {"answers", "consistency"}, EVERYWHERE),
    (saying_the_other, {"answers", "consistency"}, EVERYWHERE),
    (making_up, {"unknowable"}, set()),
    (raising, {*CHECKS} - {"leak"}, set()),
    (saying_nothing, {*CHECKS} - {"leak"}, set()),
    (no_reply, {*CHECKS} - {"leak"}, set()),
    (forever_vague, {"answers", "consistency"}, EVERYWHERE),
    (leaving_it, {"answers", "consistency"}, EVERYWHERE),
    (wavering, {"answers", "consistency"}, EVERYWHERE),
]
"""Each with the checks that must find it, and those that may."""


@pytest.mark.parametrize(("spoil", "must", "may"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS])
def test_each_fault_is_found_by_the_right_check(tiny, spoil, must, may):
    ambiguous = [task for task in tiny.tasks if task.gold_action is Action.CLARIFY]
    assert must <= failed(Planted(spoil), tiny, tasks=ambiguous) <= must | may


@pytest.mark.parametrize("spoil", [with_sql, answering_anything, never_answering, against_itself, echoing])
def test_faults_are_found_in_text_as_well(spoil):
    for id in (PACIFIC, ABG_COQA):
        source = texts(id, bundled=True)
        ambiguous = [task for task in source.tasks if task.gold_action is Action.CLARIFY][:6]
        found = failed(Planted(spoil), source, tasks=ambiguous)
        if spoil is with_sql:  # the answers stand in the passage, where anybody may read them
            assert id == ABG_COQA or found & LEAKS
        elif not (id == PACIFIC and spoil is against_itself):
            assert found, (id, spoil)


def test_traits_allow_what_they_say_and_no_more(tiny):
    ambiguous = [task for task in tiny.tasks if task.gold_action is Action.CLARIFY]
    assert not failed(Planted(leaving_it, {Trait.UNKNOWING}), tiny, tasks=ambiguous)
    assert failed(Planted(leaving_it, {Trait.IMPATIENT}), tiny, tasks=ambiguous) >= {"answers"}
    assert failed(Planted(forever_vague, {Trait.VAGUE}), tiny, tasks=ambiguous) >= {"answers", "consistency"}
    assert not failed(Planted(wavering, {Trait.CHANGES_MIND}), tiny, tasks=ambiguous) - {"determinism"}

    def again_and_again(reply, task, meant, **_):
        other = next((r for r in task.readings if r.id != meant.id), meant)
        return say(reply, f"Now I mean {other.gloss}.", slots_resolved={}, intention=other.id)

    assert "consistency" in failed(Planted(again_and_again, {Trait.CHANGES_MIND}), tiny, tasks=ambiguous)


def test_a_user_with_a_state_of_its_own_is_asked_twice_from_the_same_one(tiny):
    class Remembering(OracleUser):
        name = "remembering"

        def __init__(self):
            super().__init__()
            self.said = 0

        def reply(self, *args):
            reply = super().reply(*args)
            self.said += 1
            return say(reply, f"{reply.text} {'So there.' if self.said % 2 else ''}".strip())

        def snapshot(self):
            return self.said

        def restore(self, state):
            self.said = state

    assert not failed(Remembering(), tiny)


def test_a_report_names_what_failed_and_where(tiny):
    task = next(task for task in tiny.tasks if task.id == "tiny-revenue-a")
    told = []
    report = guard.guard(Planted(saying_yes), tiny, tasks=[task], seeds=(0, 0, 1), progress=lambda *p: told.append(p))
    assert told == [(1, 2), (2, 2)] and not report.passed
    verdict = next(v for v in report.failures if v.check == "answers")
    assert verdict.task_id == task.id and verdict.meant in ("net", "gross") and verdict.reply == "Yes."
    assert "says yes to" in verdict.why and verdict.questions[0].startswith("Do you mean")
    assert report.row("answers").failed == sum(v.check == "answers" for v in report.failures)


# Questions


def test_there_are_enough_ways_to_ask_for_the_answer(tiny):
    for database in (True, False):
        asked = probes.leak_questions(tiny.tasks[0], database=database)
        assert len(set(asked)) == len(asked) >= 14
    every = (*probes.leak_questions(tiny.tasks[0], database=True), *probes.UNKNOWABLE, *probes.OFF_TOPIC)
    assert len(set(every)) == len(every)


def test_well_put_questions_are_those_the_parser_takes_for_one(tiny):
    for task in tiny.tasks:
        for slot in task.slots:
            for value in (option.value for option in slot.options):
                found = probes.well_put(task, slot, value)
                assert len(found) >= 3 and len(set(found)) == len(found)
                assert found[0] == task.gold_question
        assert not set(probes.about_nothing([*found, "What do you mean?"], task))


# Leaks

RESULT = Result(("city", "total"), (("Île Verte", 1240.5), ("Oz", 7), (None, True), ("yes", 1)))


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("I mean the western one.", ""),
        ("It’s 1,240.5 I’d say.", "1240.5"),
        ("It’s about 1240.50.", "1240.5"),
        ("Île Verte, of course.", "Île Verte"),
        ("ile verte", ""),
        ("The city is Oz.", "Oz"),
        ("Ours, of course.", ""),
        ("There are seven.", "7"),
        ("Yes, one of these.", ""),
        ("SELECT 1", "statement"),
        ("SELECT city FROM town", ""),
        ("etreV elÎ", "backwards"),
        ("Here: " + base64.b64encode("it is Île Verte".encode()).decode(), "base64"),
        ("incomprehensibilities", ""),
    ],
)
def test_what_gives_the_answer_away(text, leak):
    found = leaked(text, secrets_of(RESULT), Public(["Can you run SELECT city FROM town?", "Which one?"]))
    assert (leak in found) if leak else not found


def test_what_was_said_before_is_no_leak():
    secrets = secrets_of((Accepted(("12.6", "the Dock"), "million"), Accepted(("yes",))))
    assert [secret.shown for secret in secrets] == ["12.6", "the Dock"]
    assert leaked("12.6 million", secrets, Public([])) and leaked("12,600 thousand", secrets, Public([]))
    assert leaked("The dock!", secrets, Public([]))
    assert not leaked("12.6 at the dock", secrets, Public(["Is it 12.6?", "Do you mean the dock?"]))
    assert invented("It’s 12 or 13.", Public(["12"])) == "13"


@given(
    st.floats(1, 1e6, allow_nan=False).map(lambda x: round(x, 2)), st.sampled_from(["{}", "{:,}", "£{:,}", "It is {}."])
)
def test_a_figure_is_found_however_it_is_written(value, form):
    secrets = secrets_of(Result(("x",), ((value,),)))
    assert leaked(form.format(value), secrets, Public([]))
    assert not leaked(form.format(value), secrets, Public([f"[{value}]"]))


def test_a_repeated_question_is_told_from_an_answer():
    assert repeats("Do you mean net revenue?", "do you mean net revenue")
    assert not repeats("Do you mean net revenue?", "Yes, I do mean net revenue.")
    assert not repeats("Net?", "Net.")


# The command line


def test_the_command_prints_a_table_and_writes_what_it_found(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    tiny = ("--source", "tests.support:load", "--path", str(tmp_path / "data"))
    assert cli.main(["guard", *tiny, "--max-tasks", "3", "--out", str(tmp_path / "out" / "g.json")]) == 0
    out = capsys.readouterr().out
    assert "two at once" in out and "95 % interval" in out and "0.00%" in out
    form = json.loads((tmp_path / "out" / "g.json").read_text())
    assert form["passed"] and form["user"] == "oracle" and form["tasks"] == 3 and form["failures"] == []
    leak = form["checks"]["leak"]
    assert leak["failed"] == 0 and leak["rate"]["low"] == 0.0 < leak["rate"]["high"] < 0.1

    user = "tests.act_env.test_users:Mute"
    assert cli.main(["guard", *tiny, "--user", user, "--seeds", "0-1", "--out", str(tmp_path / "m.json")]) == 1
    out = capsys.readouterr().out
    assert "does not resolve 'revenue'" in out and "said: No comment." in out and "more" in out
    form = json.loads((tmp_path / "m.json").read_text())
    assert not form["passed"] and form["seeds"] == [0, 1]
    assert form["checks"]["answers"]["failed"] == sum(v["check"] == "answers" for v in form["failures"])
    assert cli.main(["guard", *tiny, "--user", "persona:nobody"]) == cli.USAGE
    assert "persona:terse" in capsys.readouterr().err


def test_a_check_that_was_never_made_has_no_rate():
    form = cli_guard.form_of(Report((guard.Row("leak", 0, 0),), ()))
    assert form == {"passed": True, "checks": {"leak": {"attempts": 0, "failed": 0, "rate": None}}, "failures": []}


def test_what_a_user_says_depends_on_nothing_but_its_key(tiny):
    task = tiny.tasks[1]
    one, two = (guard.key(3, task.id, 0, 1).random(4) for _ in range(2))
    assert np.array_equal(one, two) and not np.array_equal(one, guard.key(3, task.id, 0, 2).random(4))
