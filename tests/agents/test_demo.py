"""The demo's order of work and its report, with learning replaced; learning itself is tested beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from agents import demo, results, roster, teach
from agents.progress import Bars
from agents.scripted import AlwaysAsk, NeverAsk, Oracle

HISTORY = tuple(
    {"step": n, "loss": 1 / n, "scenario/A": 8 - n, "scenario/B1": 0, "scenario/B2": n} for n in range(1, 8)
)


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / "data").mkdir()
    return teach.Lesson(source="tests.support_report:load_tiny", path=str(tmp_path / "data"), conversations=8)


@pytest.fixture
def calls(monkeypatch):
    """What is taught, in order; the models that come of it are played by scripted agents."""
    made: list[tuple] = []
    players = {"sft": NeverAsk, "sft-continued": NeverAsk, "act": Oracle, "nano": AlwaysAsk}

    def trained(name: str, folder: Path, *how) -> SimpleNamespace:
        made.append((name, *how))
        return SimpleNamespace(path=folder / teach.FOLDERS[name] / "model", history=HISTORY, tokens=1234)

    monkeypatch.setattr(teach, "tune", lambda lesson, folder, bars: trained("SFT", folder))
    monkeypatch.setattr(teach, "contrast", lambda lesson, start, folder, bars: trained("ACT", folder, start))
    monkeypatch.setattr(
        teach, "tune_on", lambda lesson, start, n, folder, bars: trained("SFT continued", folder, start, n)
    )
    find = roster.find

    def scripted(spec: str, **settings):
        if not spec.startswith("lm:"):
            return find(spec, **settings)
        path = Path(spec.removeprefix("lm:"))
        return players[path.parent.name if path.name == "model" else path.name]()

    monkeypatch.setattr(roster, "find", scripted)
    return made


def test_the_demo_teaches_evaluates_and_reports(tmp_path, lesson, calls):
    plan = demo.Demo(lesson=lesson, scripted=("oracle", "never-ask"))
    out = tmp_path / "runs"
    found, report = demo.run(plan, out, Bars(io.StringIO()))
    start = out / "sft" / "model"
    assert calls == [("SFT",), ("ACT", start), ("SFT continued", start, 1234)]
    names = [agent["name"] for agent in found.comparison["agents"]]
    assert names == ["oracle", "never-ask", "nano", "SFT", "SFT continued", "ACT"]
    tested = [(test["a"], test["b"]) for test in found.comparison["tests"] if test["metric"] == "trajectory_em"]
    assert tested == list(demo.TESTS)
    html = report.read_text(encoding="utf-8")
    assert "ACT − SFT continued: +" in html
    assert "ACT: what was sampled" in html

    table = json.loads((out / results.TABLE).read_text())
    assert json.loads(json.dumps(results.summarise(out, regrade=True).comparison)) == table
    before = {path: path.read_bytes() for path in out.rglob("episodes.jsonl")}
    again, _ = demo.run(plan, out, Bars(io.StringIO()))
    assert {path: path.read_bytes() for path in out.rglob("episodes.jsonl")} == before
    assert again.comparison == found.comparison


def test_curves_leave_out_what_a_history_does_not_hold():
    titles = [curve.title for curve in teach.curves({"SFT": [{"step": 1, "loss": 0.5}], "ACT": HISTORY, "none": []})]
    assert titles == ["SFT: loss", "ACT: loss", "ACT: what was sampled"]
