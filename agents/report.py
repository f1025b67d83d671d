"""The report: one HTML file that shows a comparison and loads nothing.

Everything from a model, a database or a path reaches the page through Jinja's escaping and
``tables.visible``; the page's own style and script are the only ones its policy lets run, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from act_env.conversation import Behaviour
from agents import charts, tables
from agents.transcripts import Transcripts, view

MANY_TESTS = 6
"""With more tests than this, those of the first figure are shown and the others folded."""

MEANINGS: Mapping[Behaviour, str] = {
    Behaviour.CLARIFIED: "asked about what was open, and answered after it was settled",
    Behaviour.ANSWERED: "answered a clear request",
    Behaviour.OVERASKED: "asked although nothing was open, or asked what settled nothing",
    Behaviour.ASSUMPTION: "answered one reading of several without asking",
    Behaviour.HEDGED: "asked and answered in the same reply",
    Behaviour.OVERHEDGED: "gave the results of two readings in one answer",
    Behaviour.WRONG: "gave an answer that matches no reading",
    Behaviour.UNREADABLE: "gave an answer that could not be run",
    Behaviour.UNFINISHED: "gave no answer within the rounds allowed",
}


def write_report(
    path: Path,
    comparison: Mapping[str, Any],
    *,
    transcripts: Transcripts | None = None,
    curves: Iterable[charts.Curve] = (),
    title: str = "When to ask, when to answer",
    subtitle: str = "",
    marked: Sequence[str] = (),
) -> Path:
    """Writes the report of a comparison (see ``agents.tables``) and returns its path."""
    html = render(comparison, transcripts=transcripts, curves=curves, title=title, subtitle=subtitle, marked=marked)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8", newline="\n")
    return path


def render(
    comparison: Mapping[str, Any],
    *,
    transcripts: Transcripts | None = None,
    curves: Iterable[charts.Curve] = (),
    title: str = "When to ask, when to answer",
    subtitle: str = "",
    marked: Sequence[str] = (),
) -> str:
    """The report's HTML. ``marked`` names the agents whose rows stand out."""
    templates = Environment(
        loader=PackageLoader("agents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )
    templates.filters["visible"] = tables.visible
    css = templates.get_template("report.css.j2").render(behaviours=[b.value for b in charts.BEHAVIOUR_ORDER])
    js = templates.get_template("report.js.j2").render()
    shown = {
        "title": title,
        "subtitle": subtitle or _subtitle(comparison),
        "version": _version(),
        "policy": _policy(css, js),
        "css": _own(css),
        "js": _own(js),
        "curves": [chart for curve in curves if (chart := charts.line_chart(curve))],
        "facts": [*_facts(comparison.get("meta") or {})],
        **_figures(comparison, marked),
        **_tests(comparison),
        "headline": _headline(comparison, marked),
        **_behaviours(comparison),
        **view(transcripts),
    }
    return templates.get_template("report.html.j2").render(shown)


def _own(text: str):
    """Our own style and script, which must not be escaped; they hold nothing from outside."""
    from markupsafe import Markup

    return Markup(text)


def _policy(css: str, js: str) -> str:
    """A content security policy: no loads at all, and only this page's style and script, by hash."""

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; style-src {digest(css)}; script-src {digest(js)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("act-clarify")
    except PackageNotFoundError:
        return "(from a clone)"


def _subtitle(comparison: Mapping[str, Any]) -> str:
    meta = comparison.get("meta") or {}
    parts = [str(meta[key]) for key in ("environment", "env_id", "source", "split") if meta.get(key)]
    return " · ".join(parts)


def _cell(name: str, figure: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if figure is None or figure.get("value") is None or not math.isfinite(figure["value"]):
        return None
    text, span = tables.figure_text(name, figure["value"]), tables.range_text(name, figure)
    mark = None
    if tables.metric(name).share:
        mark = charts.interval(name, text, figure["value"], figure.get("low"), figure.get("high"))
    return {"text": text, "range": span, "mark": mark}


def _figures(comparison: Mapping[str, Any], marked: Sequence[str]) -> dict[str, Any]:
    main, more = tables.figure_names(comparison)
    if not main:
        main, more = more, ()

    def rows(names: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {
                "name": agent["name"],
                "marked": agent["name"] in marked,
                "cells": [_cell(name, agent["figures"].get(name)) for name in names],
            }
            for agent in comparison["agents"]
        ]

    meta = comparison.get("meta") or {}
    counts = sorted({agent["episodes"] for agent in comparison["agents"] if agent.get("episodes") is not None})
    of = f", {' or '.join(map(str, counts))} episodes each" if counts else ""
    return {
        "main_columns": [tables.metric(n).label for n in main],
        "main_rows": rows(main),
        "main_caption": f"Agents on the same tasks{of}",
        "interval_note": tables.interval_sentence(comparison) + " The bar under a share draws the same from 0 to 100.",
        "more_columns": [tables.metric(n).label for n in more],
        "more_rows": rows(more),
        "glossary": [(tables.metric(n).label, meaning) for n in (*main, *more) if (meaning := tables.meaning(n, meta))],
    }


def _tests(comparison: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for test in comparison.get("tests") or ():
        share = tables.metric(test["metric"]).share
        scale = 100 if share else 1
        difference = test.get("difference")
        rows.append(
            {
                "name": f"{test['a']} − {test['b']}",
                "metric": tables.metric(test["metric"]).label,
                "difference": "–" if difference is None else tables.signed(difference * scale),
                "p": tables.p_text(test.get("p")),
                "p_holm": tables.p_text(test.get("p_holm")),
                "unit": ", ".join(filter(None, (tables.unit_text(test), str(test.get("method") or "")))),
            }
        )
    more: list[dict[str, Any]] = []
    if len(rows) > MANY_TESTS:
        first = rows[0]["metric"]
        rows, more = [r for r in rows if r["metric"] == first], [r for r in rows if r["metric"] != first]
    return {"tests": rows, "more_tests": more, "spreads": _spreads(comparison)}


def _headline(comparison: Mapping[str, Any], marked: Sequence[str]) -> dict[str, str] | None:
    """The first test in words, where it is about an agent that stands out."""
    for test in (comparison.get("tests") or ())[:1]:
        if test["a"] in marked:
            claim, _, basis = tables.test_sentence(test).partition(", p ")
            return {"claim": claim, "basis": "p " + basis}
    return None


def _spreads(comparison: Mapping[str, Any]) -> list[dict[str, str]]:
    """Beside the tests: what an agent's figures vary by over its training seeds, and when played twice."""

    def points(name: str, value: float | None) -> str:
        return tables.figure_text(name, value)

    rows = []
    for agent in comparison["agents"]:
        spread, floor = agent.get("spread") or {}, agent.get("noise_floor") or {}
        for name in ("trajectory_em", "action_macro_f1"):
            if name in spread or name in floor:
                seeds = spread.get(name, {}).get("values") or ()
                rows.append(
                    {
                        "agent": agent["name"],
                        "metric": tables.metric(name).label,
                        "sd": points(name, spread.get(name, {}).get("sd")),
                        "values": ", ".join(points(name, v) for v in seeds),
                        "floor": points(name, floor.get(name)),
                    }
                )
    return rows


def _behaviours(comparison: Mapping[str, Any]) -> dict[str, Any]:
    panels, shown = [], set()
    for label in ("ambiguous", "clear"):
        bars = []
        for agent in comparison["agents"]:
            segments = charts.behaviour_bar((agent.get("behaviours") or {}).get(label) or {})
            if not segments:
                continue
            shares = {s.behaviour: s.share for s in segments}
            shown |= set(shares)
            bars.append(
                {
                    "name": agent["name"],
                    "segments": segments,
                    "summary": f"{agent['name']}: " + ", ".join(f"{s.behaviour} {s.share:.0%}" for s in segments),
                    "percent": {b.value: f"{shares.get(b.value, 0) * 100:.1f}" for b in charts.BEHAVIOUR_ORDER},
                }
            )
        if bars:
            panels.append({"label": label, "bars": bars})
    names = [b.value for b in charts.BEHAVIOUR_ORDER if b.value in shown]
    return {"panels": panels, "shown_behaviours": names, "meanings": {b.value: m for b, m in MEANINGS.items()}}


def _facts(meta: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in meta.items():
        if key == "figures" and not prefix:
            continue
        label = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _facts(value, f"{label}: ")
        elif isinstance(value, list | tuple) and not any(isinstance(v, Mapping | list | tuple) for v in value):
            yield label, ", ".join(map(str, value))
        elif isinstance(value, list | tuple):
            yield label, json.dumps(value, ensure_ascii=False, default=str)
        elif value is not None:
            yield label, str(value)
