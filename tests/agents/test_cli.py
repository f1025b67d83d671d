"""The command line: what it prints, writes and refuses, and a person playing through it."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import gymnasium
import pytest
from rich.console import Console

import act_env  # noqa: F401  (registers the ids)
from agents import cli, results
from agents.play import play
from agents.progress import Bars
from agents.tables import print_table
from tests.support import ENVIRONMENT
from tests.support_report import load_tiny

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "tests.support_report:load_tiny"
TINY = ("--source", SOURCE, "--path", "data")
MY_AGENT = '''
class MyAgent:
    """Always answers with the same statement."""

    name = "mine"

    def act(self, observations):
        return ["SELECT SUM(net_revenue) FROM store" for _ in observations]


class Broken:
    def act(self, observations):
        raise RuntimeError("no <b>idea</b>")
'''


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture
def here(tmp_path, monkeypatch, data):
    """A working directory outside the clone, with the tiny corpus in it and nothing else."""
    (tmp_path / "data").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "180")
    return tmp_path


def run(*words: str) -> int:
    return cli.main(list(words))


def evaluate(*agents: str, out: str = "runs/x", more: tuple[str, ...] = ()) -> int:
    named = [word for agent in agents for word in ("--agent", agent)]
    return run("eval", *named, *TINY, "--out", out, *more)


def table_of(folder: Path) -> str:
    out = io.StringIO()
    print_table(json.loads((folder / results.TABLE).read_text()), Console(file=out, width=180))
    return out.getvalue()


def test_eval_writes_episodes_table_and_report_and_regrade_gives_the_same_table(here, capsys):
    assert evaluate("oracle", "never-ask", "always-ask", more=("--seeds", "0,1")) == 0
    printed = capsys.readouterr().out
    table = json.loads((here / "runs/x/table.json").read_text())
    assert [agent["name"] for agent in table["agents"]] == ["oracle", "never-ask", "always-ask"]
    assert {agent["episodes"] for agent in table["agents"]} == {16}
    assert table["agents"][0]["figures"]["trajectory_reward"]["value"] == 1.0
    assert len((here / "runs/x/oracle/episodes.jsonl").read_text().splitlines()) == 16
    assert "<!doctype html>" in (here / "runs/x/report.html").read_text()[:200]
    assert printed.startswith(table_of(here / "runs/x"))

    assert run("regrade", "runs/x") == 0
    assert capsys.readouterr().out == table_of(here / "runs/x")
    again = results.summarise(here / "runs/x", regrade=True).comparison
    assert json.loads(json.dumps(again)) == table


def test_an_agent_of_ones_own_is_found_in_the_working_directory(here, capsys):
    (here / "my_module_of_test_cli.py").write_text(MY_AGENT)
    assert evaluate("my_module_of_test_cli:MyAgent", more=("--max-tasks", "4")) == 0
    assert "mine" in capsys.readouterr().out
    table = json.loads((here / "runs/x/table.json").read_text())
    assert (table["agents"][0]["name"], table["agents"][0]["episodes"]) == ("mine", 4)


def test_an_agent_that_fails_is_told_of_and_the_table_still_made(here, capsys):
    (here / "my_broken_module_of_test_cli.py").write_text(MY_AGENT)
    assert evaluate("my_broken_module_of_test_cli:Broken") == 0
    assert "failed in 8 episodes, first: RuntimeError: no <b>idea</b>" in capsys.readouterr().err
    assert "<b>idea</b>" not in (here / "runs/x/report.html").read_text()


def test_running_again_plays_nothing_twice(here):
    assert evaluate("oracle") == 0
    before = (here / "runs/x/oracle/episodes.jsonl").read_bytes()
    assert evaluate("oracle", "never-ask") == 0
    assert (here / "runs/x/oracle/episodes.jsonl").read_bytes() == before
    table = json.loads((here / "runs/x/table.json").read_text())
    assert [agent["name"] for agent in table["agents"]] == ["oracle", "never-ask"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("eval", "--agent", "orcale", *TINY), "did you mean 'oracle'"),
        (("eval", "--agent", "no_such_module_here:X", *TINY), "no_such_module_here"),
        (("eval", "--agent", "oracle", "--source", "nowhere"), "no source 'nowhere'"),
        (("eval", "--agent", "oracle", "--env", "ActClarify-Nothing-v0"), "no environment 'ActClarify-Nothing-v0'"),
        (("eval", "--agent", "oracle", "--source", SOURCE), "the tiny corpus needs a path"),
        (("eval", "--agent", "oracle", "--source", "spider", "--path", "nothing-here"), "nothing-here"),
        (("eval", "--agent", "oracle", *TINY, "--out", "data/shop.duckdb/x"), "cannot be made"),
        (("regrade", "runs/none"), "runs/none"),
        (("play", *TINY, "--task", "tiny-none"), "no task 'tiny-none'"),
        (("train", *TINY, "--conversations", "50"), "--conversations 50: 'tiny', 'train' has 8"),
        (("eval", "--agent", "oracle", *TINY, "--user", "nobody"), "'nobody'"),
        (("play", *TINY, "--user", "nobody"), "'nobody'"),
    ],
)
def test_errors_are_one_line(here, capsys, words, expected):
    assert run(*words) == cli.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.strip().splitlines()[-1]
    assert last.startswith("act-clarify: ") and expected in last
    assert "Traceback" not in captured.err


def test_runs_of_different_rules_do_not_share_a_table(here, capsys):
    assert evaluate("oracle") == 0
    run_file = here / "runs/x/oracle/run.json"
    other = json.loads(run_file.read_text())
    other["identity"]["user"] = "grumpy"
    (here / "runs/x/other").mkdir()
    (here / "runs/x/other/run.json").write_text(json.dumps(other))
    (here / "runs/x/other/episodes.jsonl").write_text((here / "runs/x/oracle/episodes.jsonl").read_text())
    capsys.readouterr()
    assert run("regrade", "runs/x") == cli.USAGE
    assert "cannot stand in one table: user: " in capsys.readouterr().err


def test_changed_tasks_are_refused(here, capsys):
    assert evaluate("oracle") == 0
    run_file = here / "runs/x/oracle/run.json"
    facts = json.loads(run_file.read_text())
    facts["identity"]["content_hash"] = "0" * 64
    run_file.write_text(json.dumps(facts))
    assert run("regrade", "runs/x") == cli.USAGE
    assert "content hash 000000000000" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(here, capsys, monkeypatch):
    import agents.evaluate

    def interrupted(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(agents.evaluate, "evaluate", interrupted)
    assert evaluate("oracle", out="runs/a folder") == cli.INTERRUPTED
    expected = f"act-clarify eval --agent oracle --source {SOURCE} --path data --out 'runs/a folder'"
    assert expected in capsys.readouterr().err


def test_scripted_agents_need_no_torch(here):
    code = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'transformers', 'trl', 'datasets'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from agents.cli import main\n"
        f"words = ['--source', {SOURCE!r}, '--path', 'data', '--out', 'runs/x']\n"
        "assert main(['eval', '--agent', 'oracle', '--agent', 'coin', *words]) == 0\n"
        "assert main(['regrade', 'runs/x']) == 0 and main(['list', 'runs']) == 0\n"
        "assert main(['eval', '--agent', 'nano', *words]) == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "pip install 'act-clarify[train]'" in done.stderr.splitlines()[-1]


def test_list_names_environments_agents_and_runs(here, capsys):
    assert evaluate("oracle") == 0
    capsys.readouterr()
    assert run("list", "runs") == 0
    printed = capsys.readouterr().out
    for expected in (ENVIRONMENT, "spider", "always-ask", "smollm2-135m", "runs/x/oracle", "finished"):
        assert expected in printed


@pytest.mark.parametrize(("text", "seeds"), [("0", (0,)), ("0,1", (0, 1)), ("2-4, 7", (2, 3, 4, 7)), ("1,1", (1,))])
def test_seeds(text, seeds):
    assert cli.seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "1,,2"])
def test_bad_seeds_are_refused_by_the_parser(text, capsys):
    with pytest.raises(SystemExit):
        run("eval", "--agent", "oracle", f"--seeds={text}")
    assert "is no seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "folder"), [("oracle", "oracle"), ("a.b:C", "a.b-C"), ("../../x", "x"), ("漢", "agent"), (".", "agent")]
)
def test_folders_of_agents_stay_below_out(name, folder):
    assert cli.slug(name) == folder


def typed(*lines: str):
    waiting = iter(lines)

    def read(prompt: str) -> str:
        try:
            return next(waiting)
        except StopIteration as end:
            raise EOFError from end

    return read


@pytest.fixture
def tiny_env(data):
    env = gymnasium.make(ENVIRONMENT, tasks=load_tiny(split="test", path=str(data)))
    yield env
    env.close()


def test_a_person_plays_and_the_episode_is_saved(tiny_env, tmp_path):
    out = io.StringIO()
    save = tmp_path / "deep" / "episode.json"
    episode = play(
        tiny_env,
        task_id="tiny-revenue-a",
        console=Console(file=out, width=100),
        read=typed(
            "", ":context", "Do you mean net revenue or gross revenue?", "SELECT SUM(net_revenue) \\", "FROM store"
        ),
        save=save,
    )
    assert episode.turns[-1].text == "SELECT SUM(net_revenue) \nFROM store"
    assert episode.outcome.questions == 1
    printed = out.getvalue()
    assert printed.count("What the assistant knows") == 2
    assert "User: What’s the total revenue in £?" in printed
    assert "clarified" in printed and "ambiguous" in printed
    assert json.loads(save.read_text())["episode"]["task_id"] == "tiny-revenue-a"


@pytest.mark.parametrize("lines", [(), ("Net or gross?", ":quit")])
def test_a_person_may_leave(tiny_env, tmp_path, lines):
    save = tmp_path / "episode.json"
    out = io.StringIO()
    assert play(tiny_env, task_id="tiny-revenue-a", console=Console(file=out), read=typed(*lines), save=save) is None
    assert "nothing was saved" in out.getvalue()
    assert not save.exists()


def test_progress_without_a_terminal_is_a_few_lines():
    out = io.StringIO()
    with Bars(out) as bars, bars.stage("training", total=1000) as stage:
        for done in range(1000):
            stage(done + 1, 1000)
    assert out.getvalue().splitlines() == ["training ...", "training: done after 0:00"]
    with pytest.raises(RuntimeError), Bars(out) as bars, bars.stage("evaluation"):
        raise RuntimeError
    assert out.getvalue().endswith("evaluation: stopped after 0:00\n")


def docs_maker():
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_made_documentation_is_up_to_date(capsys):
    assert docs_maker().main(["--check"]) == 0, capsys.readouterr().out + "run `python docs/make.py`"


def test_tables_are_made_between_their_markers(tmp_path):
    figures = {"trajectory_em": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3}}
    agents = [{"name": "oracle", "episodes": 3, "figures": figures, "behaviours": {}}]
    (tmp_path / "r.json").write_text(json.dumps({"comparison": {"agents": agents, "tests": [], "meta": {}}}))
    text = "a\n<!-- table: r.json trajectory_em -->\nold\n<!-- /table -->\nb\n"
    made = docs_maker().with_tables(text, tmp_path)
    assert "| oracle | 50.0 [40.0, 60.0] |\n<!-- /table -->\nb\n" in made and "old" not in made
    assert docs_maker().with_tables(made, tmp_path) == made
