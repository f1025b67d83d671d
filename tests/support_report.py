"""A small hand-made comparison with its tasks and episodes, for the tests of tables and reports."""

from __future__ import annotations

import functools
from pathlib import Path

from act_env.conversation import (
    Action,
    Behaviour,
    Episode,
    Option,
    Outcome,
    Provenance,
    Reading,
    Slot,
    Task,
    Turn,
)
from act_env.errors import DataNotFound
from act_env.tasks import TaskSource
from tests.support import tiny_source

CONTEXT = "Tables:\nlease(lease_id integer, gross double, net double)\nNotes:\n- amounts are in US dollars"


def figure(value: float, spread: float = 0.08, n: int = 60) -> dict:
    return {"value": value, "low": max(0.0, value - spread), "high": min(1.0, value + spread), "n": n}


def task(number: int, request: str = "What is the total?", context: str = CONTEXT, gloss: str = "net amount") -> Task:
    ambiguous = number % 2 == 0
    slot = Slot(
        "amount",
        ("amount",),
        (
            Option("net", gloss, ("net",), ("I mean net.",)),
            Option("gross", "gross amount", ("gross",), ("I mean gross.",)),
        ),
    )
    readings = [Reading("net", "SELECT SUM(net) FROM lease", gloss, {"amount": "net"})]
    if ambiguous:
        readings.append(Reading("gross", "SELECT SUM(gross) FROM lease", "gross amount", {"amount": "gross"}))
    return Task(
        id=f"t{number}",
        environment="ActClarify-AmbigSQL-v0",
        split="test",
        database="leases",
        context=context,
        request=request,
        readings=tuple(readings),
        slots=(slot,),
        gold_action=Action.CLARIFY if ambiguous else Action.ANSWER,
        gold_question="Do you mean net or gross?",
        kind=("information", "population", "presentation")[number % 3],
        group=f"g{number}",
        provenance=Provenance("test", "Apache-2.0", "test-1"),
    )


def episode(
    task: Task, asks: bool, answer: str | None = None, match: float = 1.0, reply: str = "I mean net."
) -> Episode:
    turns = []
    if asks:
        turns += [
            Turn("assistant", "Do you mean net or gross?", Action.CLARIFY, task.gold_action is Action.CLARIFY),
            Turn("user", reply),
        ]
    turns.append(Turn("assistant", answer or task.readings[0].answer, Action.ANSWER, True))
    if asks:
        behaviour = Behaviour.CLARIFIED if task.gold_action is Action.CLARIFY else Behaviour.OVERASKED
    else:
        behaviour = Behaviour.ASSUMPTION if task.gold_action is Action.CLARIFY else Behaviour.ANSWERED
    outcome = Outcome(
        tuple(t.right or False for t in turns if t.role == "assistant"), behaviour, match, match, int(asks)
    )
    return Episode(task.id, task.environment, "test", task.database, 0, "oracle", "net", tuple(turns), outcome)


def comparison() -> dict:
    scores = {"never-ask": (0.52, 0.34), "oracle": (1.0, 1.0), "nano": (0.39, 0.34), "SFT": (0.47, 0.61)}
    scores |= {"SFT continued": (0.49, 0.63), "ACT": (0.58, 0.74)}
    return {
        "agents": [
            {
                "name": name,
                "episodes": 60,
                "figures": {
                    "trajectory_em": figure(em),
                    "action_macro_f1": figure(f1, 0.06),
                    "questions": {"value": 0.5, "low": None, "high": None, "n": 60},
                },
                "behaviours": {
                    "ambiguous": {"clarified": int(30 * f1), "assumption": 30 - int(30 * f1)},
                    "clear": {"answered": 27, "wrong": 3},
                },
            }
            for name, (em, f1) in scores.items()
        ],
        "tests": [
            {
                "a": "ACT",
                "b": "SFT continued",
                "metric": "trajectory_em",
                "difference": 0.09,
                "p": 0.031,
                "p_holm": 0.062,
                "unit": "request group",
                "units": 30,
                "method": "drawn",
            }
        ],
        "meta": {
            "environment": "ActClarify-AmbigSQL-v0",
            "split": "test",
            "user": "oracle",
            "seeds": [0, 1],
            "figures": {"questions": "questions an episode"},
        },
    }


def load_tiny(*, split: str, path: str | None = None) -> TaskSource:
    """The tiny corpus as a source that a command line can name; its databases are made at ``path``."""
    if path is None:
        raise DataNotFound("the tiny corpus needs a path")
    return _tiny(Path(path).resolve())


_tiny = functools.lru_cache(tiny_source)
