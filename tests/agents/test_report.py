"""The HTML report: nothing from outside gets loose in it, and nothing is loaded by it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from act_env.conversation import Behaviour
from agents import charts, report, tables
from agents.transcripts import Transcripts, choose
from tests import support_report as sample

HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "</style></script><b>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;already&gt; &amp;",
    "http://evil.example/x.js",
    "\u202egnp.exe \u0000 \ud800 \u200b £ ’ é 漢",
    "javascript:alert(1)",
]
VOID = {"meta", "br", "link", "input", "img"}


class Page(HTMLParser):
    """Collects a page's elements, checks that they nest, and keeps the text apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def hostile_html(text: str) -> str:
    comparison = sample.comparison()
    for agent in comparison["agents"]:
        agent["name"] += text
    comparison["tests"][0] |= {"a": text, "unit": text}
    comparison["meta"] |= {"git_commit": text, text: text, "nested": {text: [text]}}
    tasks = {t.id: t for t in (sample.task(n, text, text, text) for n in range(3))}
    episodes = {
        name + text: [sample.episode(t, asks=True, answer=text, reply=text) for t in tasks.values()]
        for name in ("SFT", "ACT")
    }
    curve = charts.Curve(text, text, text, (charts.Series(text, ((0.0, 1.0), (1.0, 2.0))),))
    return report.render(
        comparison,
        transcripts=Transcripts(episodes, tasks, ("SFT" + text, "ACT" + text)),
        curves=[curve],
        title=text,
        subtitle=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    harmless, page = parsed(hostile_html("harmless")), parsed(hostile_html(text))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [sorted(attrs) for _, attrs in page.elements] == [sorted(attrs) for _, attrs in harmless.elements]
    assert tables.visible(text) in "".join(page.text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_loads_nothing(text):
    html = hostile_html(text)
    page = parsed(html)
    for tag, attrs in page.elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base", "form", "image", "use"}
        assert not {"src", "srcset", "style", "xlink:href"} & set(attrs)
        assert not any(name.startswith("on") for name in attrs)
        if "href" in attrs:
            assert attrs["href"].startswith("#")
    style, script = re.search("<style>(.*?)</style>", html, re.S)[1], re.search("<script>(.*?)</script>", html, re.S)[1]
    for own in (style, script):
        assert not re.search(r"url\(|@import|https?:|fetch\(|import\(|innerHTML", own)
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for own in (style, script):
        assert base64.b64encode(hashlib.sha256(own.encode()).digest()).decode() in policy


def test_unseen_characters_are_written_out():
    assert tables.visible("a\u202eb\x00\ud800\n\tc漢") == "a\\u{202e}b\\u{0}\\u{d800}\n\tc漢"


def test_the_page_shows_figures_with_intervals_tests_and_what_was_flipped(tmp_path: Path):
    tasks = {t.id: t for t in map(sample.task, range(6))}
    episodes = {
        "SFT": [sample.episode(t, asks=False, match=float(t.id != "t2")) for t in tasks.values()],
        "ACT": [sample.episode(t, asks=True) for t in tasks.values()],
    }
    path = report.write_report(
        tmp_path / "deep" / "report.html",
        sample.comparison(),
        transcripts=Transcripts(episodes, tasks, ("SFT", "ACT")),
        marked=("SFT", "ACT"),
    )
    text = " ".join("".join(parsed(path.read_text(encoding="utf-8")).text).split())
    for expected in (
        "58.0[50.0, 66.0]",
        "+9.0",
        "0.031",
        "30 request groups, drawn",
        "6 of 6 tasks",
        "questions an episode",
    ):
        assert expected in text


def test_transcripts_show_differing_tasks_first_and_keep_to_the_limit():
    tasks = {t.id: t for t in map(sample.task, range(12))}
    episodes = {
        "SFT": [sample.episode(t, asks=False, match=float(t.id not in {"t7", "t10"})) for t in tasks.values()],
        "ACT": [sample.episode(t, asks=True) for t in tasks.values()],
    }
    chosen = choose(Transcripts(episodes, tasks, limit=5), ("SFT", "ACT"))
    assert set(chosen[:2]) == {"t7", "t10"}
    assert len(chosen) == 5


def test_a_pair_without_episodes_is_an_error():
    task = sample.task(0)
    transcripts = Transcripts({"SFT": [sample.episode(task, asks=True)]}, {task.id: task}, ("SFT", "ACT"))
    with pytest.raises(ValueError, match=r"'ACT'.*'SFT'"):
        report.render(sample.comparison(), transcripts=transcripts)


def test_a_comparison_of_nothing_renders():
    parsed(report.render({"agents": [], "tests": [], "meta": {}}))
    figures = {"trajectory_em": {"value": None, "low": None, "high": None, "n": 0}}
    agents = [{"name": "a", "episodes": 0, "figures": figures, "behaviours": {}}]
    parsed(report.render({"agents": agents, "tests": [], "meta": {}}))


def test_line_charts_leave_out_what_is_not_finite_and_thin_long_series():
    nan = float("nan")
    assert charts.line_chart(charts.Curve("t", "x", "y", (charts.Series("s", ((0.0, nan),)),))) is None
    long = tuple((float(i), float(i % 7)) for i in range(5000))
    chart = charts.line_chart(charts.Curve("t", "x", "y", (charts.Series("s", (*long, (9e9, nan))),)))
    assert chart.lines[0].path.count("L") == charts.MAX_POINTS - 1
    assert all(chart.left <= x <= chart.right for x, _ in chart.x_ticks)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3e-9, 2e-9), (5, 5), (0, 0), (1e12, 1.5e12), (-7, 0.3)])
def test_ticks_cover_their_range(low, high):
    found = charts.ticks(low, high)
    assert found[0] <= low and found[-1] >= high
    assert 2 <= len(found) <= 9


def test_every_behaviour_has_its_place_and_its_meaning():
    assert set(charts.BEHAVIOUR_ORDER) == set(Behaviour) == set(report.MEANINGS)
    bar = charts.behaviour_bar({b.value: 1 for b in Behaviour})
    assert sum(s.width for s in bar) == pytest.approx(100, abs=0.01)
    with pytest.raises(ValueError, match="'asked'"):
        charts.behaviour_bar({"asked": 1})


def test_the_terminal_table_keeps_hostile_markup_as_text():
    comparison = sample.comparison()
    comparison["agents"][0]["name"] = "[bold red]x[/] \x1b[31m"
    out = io.StringIO()
    tables.print_table(comparison, Console(file=out, width=150, force_terminal=False))
    assert "[bold red]x[/] \\u{1b}[31m" in out.getvalue()
    assert "58.0 [50.0, 66.0]" in out.getvalue()
    assert "ACT − SFT continued: +9.0 points of Trajectory EM, p = 0.031 (signs flipped over 30 request groups)" in (
        " ".join(out.getvalue().split())
    )


def test_markdown_escapes_table_breaking_names():
    comparison = sample.comparison()
    comparison["agents"][0]["name"] = "a|b\n<i>"
    rows = tables.markdown(comparison).splitlines()
    assert rows[2].startswith("| a\\|b \\<i\\> | 52.0 [44.0, 60.0] |")
    assert len(rows) == 2 + len(comparison["agents"])


def test_many_tests_are_folded_and_none_is_lost():
    comparison = sample.comparison()
    first = comparison["tests"][0]
    comparison["tests"] = [
        {**first, "metric": m, "p": p / 1000} for m in ("trajectory_em", "turn_em") for p in range(11, 16)
    ]
    html = report.render(comparison)
    shown, folded = html.split("<summary>The other figures</summary>")
    assert [f"0.0{p}" in shown for p in range(11, 16)] == [f"0.0{p}" in folded for p in range(11, 16)] == [True] * 5
    assert 'class="headline"' not in html
