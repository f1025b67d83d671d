"""The demo: a small model that has never asked learns when to, in minutes on a CPU.

nano → supervised tuning on 50 conversations → ACT on the same 50 → supervised tuning continued for as
many tokens → all of them on databases none has seen, beside the scripted agents → table and report.
Every part is kept in the folder: run again, the demo goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from agents import results, teach
from agents.progress import Bars
from agents.teach import ACT, CONTINUED, SFT, Lesson

if TYPE_CHECKING:
    from agents.training import Trained

SCRIPTED = ("oracle", "always-ask", "kitchen-sink", "generic-asker", "never-ask", "coin", "word-list")
NANO = "nano"
TEST_TASKS = 240
"""Test tasks each agent plays: whole request groups, the same for all, drawn by their names alone."""
TESTS = ((ACT, CONTINUED), (ACT, SFT), (SFT, NANO))


@dataclasses.dataclass(frozen=True)
class Demo:
    """What the demo does; the defaults are sized for ten minutes on two CPU cores."""

    lesson: Lesson = dataclasses.field(default_factory=Lesson)
    test_split: str = "test"
    max_tasks: int | None = TEST_TASKS
    scripted: tuple[str, ...] = SCRIPTED
    seeds: tuple[int, ...] = (0,)


def run(demo: Demo, folder: Path, bars: Bars) -> tuple[results.Results, Path]:
    """Teaches, evaluates and reports; returns the results and the report's path."""
    trained = learn(demo.lesson, folder, bars)
    agents = {NANO: demo.lesson.model, **{name: str(trained[name].path) for name in (SFT, CONTINUED, ACT)}}
    evaluate(demo, folder / "eval", agents, bars)
    order = [folder_of(name) for name in (*demo.scripted, *agents)]
    found = results.summarise(folder / "eval", order=order, tests=TESTS)
    report = results.write(
        folder,
        found,
        curves=teach.curves({name: trained[name].history for name in (SFT, ACT, CONTINUED)}),
        pair=(SFT, ACT),
        title="A small model learns when to ask",
    )
    return found, report


def learn(lesson: Lesson, folder: Path, bars: Bars) -> dict[str, Trained]:
    """SFT, then ACT from it, then SFT continued from it for as many tokens as ACT was trained on."""
    tuned = teach.tune(lesson, folder, bars)
    contrasted = teach.contrast(lesson, tuned.path, folder, bars)
    continued = teach.tune_on(lesson, tuned.path, contrasted.tokens, folder, bars)
    return {SFT: tuned, CONTINUED: continued, ACT: contrasted}


def evaluate(demo: Demo, folder: Path, agents: dict[str, str], bars: Bars) -> None:
    """Plays the scripted agents and the given models (by the name they go under) over the test tasks."""
    from agents import roster
    from agents.evaluate import evaluate as play

    lesson = demo.lesson
    for name, spec in {**{name: name for name in demo.scripted}, **{n: f"lm:{s}" for n, s in agents.items()}}.items():
        with bars.stage(f"{name} on unseen databases") as stage:
            play(
                roster.find(spec, env_id=lesson.env_id, source=lesson.source, path=lesson.path),
                env_id=lesson.env_id,
                source=lesson.source,
                path=lesson.path,
                split=demo.test_split,
                seeds=demo.seeds,
                max_tasks=demo.max_tasks,
                out=folder / folder_of(name),
                name=name,
                progress=stage,
            )


def folder_of(name: str) -> str:
    """The folder of an agent's evaluation."""
    return name.lower().replace(" ", "-")
