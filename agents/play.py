"""A person is the agent: one conversation in a terminal, against the simulated user and the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from act_env.conversation import USER, Action, Episode, Task, to_json
from agents.tables import visible

HELP = (
    "Ask the user a question, or answer (about a database, with a SQL statement); a line that ends in \\ goes on in "
    "the next. "
    ":context shows the tables again, :quit leaves."
)


class Left(Exception):
    """The person left before the end."""


def play(
    env: gym.Env,
    *,
    seed: int = 0,
    task_id: str | None = None,
    console: Console | None = None,
    read: Callable[[str], str] = input,
    save: Path | None = None,
) -> Episode | None:
    """Plays one episode and returns it, or None where the person left (``:quit``, or the input ended).

    ``read`` takes a prompt and gives a line. The episode is written to ``save`` as JSON, with the task.
    """
    console = console or Console()
    observation, info = env.reset(seed=seed, options=None if task_id is None else {"task_id": task_id})
    console.print(_panel("What the assistant knows", observation["context"]))
    for message in info["messages"]:
        if message["role"] in ("user", "assistant"):
            _say(console, message["role"], message["content"])
    console.print(Text(HELP, style="dim"))
    try:
        while True:
            text = _reply(console, read, observation["context"])
            seen = len(info["messages"])
            observation, reward, terminated, truncated, info = env.step(text)
            if info.get("error"):
                console.print(Text(f"error: {visible(info['error'])}", style="red"))
            if terminated or truncated:
                break
            for message in info["messages"][seen:]:
                if message["role"] == USER:
                    _say(console, USER, message["content"])
    except Left:
        console.print(Text("Left before the end; nothing was saved.", style="dim"))
        return None
    episode: Episode = info["episode"]
    task = env.unwrapped.played
    _show_outcome(console, task, episode, float(episode.outcome.score if task.parts else reward))
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        form = {"episode": to_json(episode), "task": to_json(task)}
        save.write_text(json.dumps(form, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
        console.print(Text(f"Saved to {save}", style="dim"))
    return episode


def _reply(console: Console, read: Callable[[str], str], context: str) -> str:
    """One reply of the person, not blank; raises Left."""
    lines: list[str] = []
    while True:
        try:
            line = read("… " if lines else "You: ")
        except EOFError as end:
            raise Left from end
        if not lines and line.strip() == ":quit":
            raise Left
        if not lines and line.strip() == ":context":
            console.print(_panel("What the assistant knows", context))
            continue
        if line.endswith("\\"):
            lines.append(line[:-1])
            continue
        text = "\n".join([*lines, line]).strip()
        if text:
            return text


def _panel(title: str, text: str) -> Panel:
    return Panel(Text(visible(text)), title=title, title_align="left", border_style="dim")


def _say(console: Console, role: str, text: str) -> None:
    name, style = ("User", "bold cyan") if role == USER else ("You", "bold green")
    console.print(Text.assemble((f"{name}: ", style), visible(text)))


def _show_outcome(console: Console, task: Task, episode: Episode, reward: float) -> None:
    outcome = episode.outcome
    if outcome is None:
        raise ValueError(f"the episode of task {episode.task_id!r} ended without an outcome")
    for request, part in zip(task.parts, outcome.parts, strict=False):
        how = f"{part.outcome.behaviour.value}, {'matches' if part.outcome.match >= 1 else 'does not match'}"
        answer = request.reading(part.intention).answer
        console.print(Text(visible(f"{request.request} → {answer}: {how}"), style="dim"))
    request, intention = task.served[-1], outcome.parts[-1].intention if outcome.parts else episode.intention
    meant = request.reading(intention)
    facts: list[tuple[str, Any]] = [
        ("The request was", "ambiguous" if request.gold_action is Action.CLARIFY else "clear"),
        ("The user meant", meant.gloss),
        ("An answer that fits", meant.answer),
        ("Your behaviour", outcome.behaviour.value),
        ("Your answer", "matches" if outcome.match >= 1 else f"does not match ({outcome.error or 'another result'})"),
        ("Questions", outcome.questions),
        ("Reward", f"{reward:g}"),
    ]
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts:
        table.add_row(Text(name, style="dim"), Text(visible(value)))
    console.print(
        Panel(table, title="How it went", title_align="left", border_style="green" if outcome.match >= 1 else "red")
    )
