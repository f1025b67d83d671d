"""How figures are named and written, wherever they appear: terminal, HTML report, Markdown.

A *comparison* is the JSON-able dict that ``agents.metrics`` derives from episodes; its shape is in that
module's docstring.
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text


@dataclasses.dataclass(frozen=True)
class Metric:
    """A figure's heading, and whether it is a share (written in percent)."""

    label: str
    share: bool = True


METRICS: Mapping[str, Metric] = {
    "trajectory_em": Metric("Trajectory EM"),
    "action_macro_f1": Metric("Action macro F1"),
    "trajectory_reward": Metric("Trajectory reward"),
    "post_clarification_em": Metric("Post-clarification EM"),
    "over_asking": Metric("Over-asking"),
    "under_asking": Metric("Under-asking"),
    "trajectory_f1": Metric("Trajectory F1"),
    "turn_f1": Metric("Turn F1"),
    "post_clarification_f1": Metric("Post-clarification F1"),
    "trajectory_similarity": Metric("Trajectory similarity"),
    "turn_similarity": Metric("Turn similarity"),
    "post_clarification_similarity": Metric("Post-clarification similarity"),
    "turn_em": Metric("Turn EM"),
    "action_accuracy": Metric("Action accuracy"),
    "action_weighted_f1": Metric("Action weighted F1"),
    "action_right": Metric("Actions right"),
    "post_clarification_em_all": Metric("Post-clarification EM, all ambiguous"),
    "post_clarification_em_forced": Metric("EM after a forced gold question"),
    "questions": Metric("Questions", share=False),
    "regret": Metric("Regret", share=False),
    "score": Metric("Reward", share=False),
    "tokens": Metric("Tokens", share=False),
    "seconds": Metric("Seconds", share=False),
}
MAIN = (
    "trajectory_em",
    "trajectory_f1",
    "trajectory_similarity",
    "action_macro_f1",
    "trajectory_reward",
    "post_clarification_em",
    "post_clarification_f1",
    "over_asking",
    "under_asking",
)
"""What a table shows first, where it was measured."""
TERMINAL = ("trajectory_em", "trajectory_f1", "action_macro_f1", "trajectory_reward", "post_clarification_em")
"""What a terminal shows, as far as it is wide."""
TESTS_SHOWN = 4
"""The most tests a terminal shows; the report has them all."""
_TRIALS = re.compile(r"pass_(at|hat)_(\d+)")

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: object) -> str:
    """Text from outside, with whatever would be unseen or reorder a line written as ``\\u{202e}``.

    Newlines and tabs stay. Lone surrogates, which no file in UTF-8 can hold, are written so too.
    """
    return "".join(
        f"\\u{{{ord(char):x}}}" if char not in "\n\t" and unicodedata.category(char) in _INVISIBLE else char
        for char in str(text)
    )


def metric(name: str) -> Metric:
    """How a figure is written; one that this module does not know is a plain number under its own name."""
    if trials := _TRIALS.fullmatch(name):
        return Metric(f"pass{'@' if trials[1] == 'at' else '^'}{trials[2]}")
    return METRICS.get(name) or Metric(name.replace("_", " "), share=False)


def meaning(name: str, meta: Mapping[str, Any]) -> str:
    """What a figure is, in the words of the comparison's meta; "" where it does not say."""
    return str((meta.get("figures") or {}).get(_TRIALS.sub(r"pass_\1_k", name), ""))


def figure_text(name: str, value: float | None) -> str:
    """A figure as it is written: shares in percent with one decimal, others with three digits."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value * 100:.1f}" if metric(name).share else f"{value:.3g}"


def signed(value: float) -> str:
    """A difference with one decimal, its sign and a true minus."""
    return f"{value:+.1f}".replace("-", "−")


def range_text(name: str, figure: Mapping[str, Any]) -> str:
    """The interval as ``[51.0, 60.2]``, or "" where there is none."""
    low, high = figure.get("low"), figure.get("high")
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{figure_text(name, low)}, {figure_text(name, high)}]"


def figure_names(comparison: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The figures that any agent has: those a table shows first, and the others."""
    present = {name for agent in comparison["agents"] for name in agent["figures"]}
    order = [*MAIN, *METRICS, *sorted(present)]
    known = [name for name in dict.fromkeys(order) if name in present]
    return tuple(n for n in known if n in MAIN), tuple(n for n in known if n not in MAIN)


def _cell(name: str, figure: Mapping[str, Any] | None) -> str:
    if figure is None or figure.get("value") is None:
        return "–"
    return " ".join(filter(None, (figure_text(name, figure["value"]), range_text(name, figure))))


def p_text(p: float | None) -> str:
    if p is None or not math.isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def print_table(comparison: Mapping[str, Any], console: Console | None = None) -> None:
    """The main figures and the tests, on a terminal of any width."""
    console = console or Console()
    names, more = figure_names(comparison)
    names = tuple(name for name in names if name in TERMINAL) or more
    names = names[: max(1, (console.width - 20) // 20)]
    wide = console.width >= 20 + 22 * len(names)
    table = Table(title_justify="left", pad_edge=False, header_style="bold")
    table.add_column("Agent", overflow="fold")
    for name in names:
        table.add_column(metric(name).label, justify="right")
    for agent in comparison["agents"]:
        cells = (_cell(name, agent["figures"].get(name)) for name in names)
        table.add_row(escape(visible(agent["name"])), *(escape(c if wide else c.replace(" [", "\n[")) for c in cells))
    console.print(table)
    console.print(Text(interval_sentence(comparison), style="dim"))
    tests = comparison.get("tests") or ()
    for test in [test for test in tests if test["metric"] == tests[0]["metric"]][:TESTS_SHOWN]:
        console.print(Text(test_sentence(test)))


def interval_sentence(comparison: Mapping[str, Any]) -> str:
    """What the figures are in and what their intervals are, with the number of tasks."""
    meta = comparison.get("meta") or {}
    made = meta.get("interval") or {}
    unit = plural(visible(made.get("unit") or "database").partition(",")[0])
    names = {"tasks": "tasks", "databases": unit}
    counts = ", ".join(f"{meta[key]} {name}" for key, name in names.items() if meta.get(key) is not None)
    level = f"{made['level'] * 100:g} % " if made.get("level") else ""
    how = (
        f" ({visible(made['method'])} over {visible(made['unit'])})" if made.get("method") and made.get("unit") else ""
    )
    return f"Shares in percent, in brackets their {level}interval{how}{'; ' + counts if counts else ''}."


def test_sentence(test: Mapping[str, Any]) -> str:
    """One test in words: who, which figure, how much, p, and what was flipped."""
    name = test["metric"]
    difference = test.get("difference")
    shown = "–" if difference is None else signed(difference * 100 if metric(name).share else difference)
    unit = unit_text(test)
    return (
        f"{visible(test['a'])} − {visible(test['b'])}: {shown} {'points of ' if metric(name).share else ''}"
        f"{metric(name).label}, p {'' if p_text(test.get('p')).startswith('<') else '= '}{p_text(test.get('p'))}"
        + (f" (signs flipped over {unit})" if unit else "")
    )


def unit_text(test: Mapping[str, Any]) -> str:
    """What a test flipped: how many units of which sort."""
    unit, count = visible(test.get("unit") or ""), test.get("units")
    return f"{count} {unit if count == 1 else plural(unit)}" if unit and count else unit


def plural(unit: str) -> str:
    """A unit's plural, by the rule."""
    if unit.endswith("s"):
        return unit
    return f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"


def markdown(comparison: Mapping[str, Any], names: Sequence[str] | None = None) -> str:
    """The comparison as a Markdown table, for README and docs."""
    names = tuple(names or figure_names(comparison)[0])
    lines = [
        "| Agent | " + " | ".join(metric(n).label for n in names) + " |",
        "|---|" + "---:|" * len(names),
    ]
    for agent in comparison["agents"]:
        name = re.sub(r"([\\|`*_<>\[\]])", r"\\\1", visible(agent["name"]).replace("\n", " "))
        lines.append(f"| {name} | " + " | ".join(_cell(n, agent["figures"].get(n)) for n in names) + " |")
    return "\n".join(lines) + "\n"
