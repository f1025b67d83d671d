import dataclasses
import itertools
import json

import pytest

from act_env.conversation import canonical_json, transcript_hash
from act_env.errors import DataNotFound, MalformedRecord
from act_env.tasks import TaskSource
from agents import metrics, records
from agents.base import Reply
from agents.evaluate import UnknownTask, choose_tasks, evaluate, regrade
from agents.scripted import Coin, NeverAsk, Oracle
from tests.support import tiny_source


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return tiny_source(tmp_path_factory.mktemp("tiny"))


class Counting:
    """Gives an agent's replies and notes the size of every batch."""

    name = "counting"

    def __init__(self, agent, stop_after=None):
        self.agent, self.sizes, self.stop_after = agent, [], stop_after

    def act_privileged(self, observations, episodes):
        self.sizes.append(len(observations))
        if self.stop_after is not None and len(self.sizes) > self.stop_after:
            raise KeyboardInterrupt
        return self.agent.act_privileged(observations, episodes)


def hashes(episodes):
    return [transcript_hash(episode) for episode in episodes]


def test_every_task_is_played_with_every_seed_in_order(source):
    episodes = evaluate(Oracle(), source=source, seeds=(3, 1), batch_size=5)
    assert [(e.seed, e.task_id) for e in episodes] == [(s, t.id) for s in (3, 1) for t in source.tasks]


def test_batches_are_full_and_change_nothing(source):
    agent = Counting(Oracle())
    small = evaluate(agent, source=source, seeds=range(4), batch_size=8)
    assert agent.sizes[:-8].count(8) == len(agent.sizes[:-8])
    alone = evaluate(Counting(Oracle()), source=source, seeds=range(4), batch_size=1)
    assert hashes(small) == hashes(alone)


def test_seeds_draw_the_intention_of_each_task_anew(source):
    episodes = evaluate(NeverAsk(), source=source, seeds=range(8), tasks=["tiny-revenue-a", "tiny-order-a"])
    drawn = {task: [e.intention for e in episodes if e.task_id == task] for task in ("tiny-revenue-a", "tiny-order-a")}
    assert all(len(set(intentions)) == 2 for intentions in drawn.values())
    firsts = [[i in ("net", "descending") for i in intentions] for intentions in drawn.values()]
    assert firsts[0] != firsts[1]


# Runs on disk


def test_a_run_is_stamped_and_read_back(source, tmp_path):
    told = []
    episodes = evaluate(
        Coin(seed=5), source=source, seeds=(0, 1), out=tmp_path / "run", progress=lambda *p: told.append(p)
    )
    run = records.read_run(tmp_path / "run")
    assert list(run.episodes) == episodes and run.finished and run.name == "coin"
    assert (told[0], told[-1]) == ((0, 16), (16, 16))
    identity = run.facts["identity"]
    assert identity["agent"] == {"name": "coin", "facts": {"seed": 5, "p": 0.5}}
    assert identity["content_hash"] == source.content_hash and identity["user"] == "oracle"
    assert identity["grader"] >= 1 and run.facts["seeds"] == [0, 1]
    assert {"version", "git_commit", "device", "cpu", "command", "started", "seconds"} <= set(run.facts["stamp"])
    assert [r.folder for r in records.list_runs(tmp_path)] == [tmp_path / "run"]


def test_an_interrupted_run_goes_on_where_it_stopped(source, tmp_path):
    whole = evaluate(Counting(Oracle()), source=source, seeds=range(3), batch_size=4)
    with pytest.raises(KeyboardInterrupt):
        evaluate(Counting(Oracle(), stop_after=4), source=source, seeds=range(3), batch_size=4, out=tmp_path)
    begun = records.read_run(tmp_path)
    assert 0 < len(begun.episodes) < 24 and not begun.finished
    # A line that was being written when the power went is played again.
    with (tmp_path / records.EPISODES).open("ab") as file:
        file.write(b'{"task_id": "tiny-rev')
    agent = Counting(Oracle())
    resumed = evaluate(agent, source=source, seeds=range(3), batch_size=4, out=tmp_path)
    assert hashes(resumed) == hashes(whole)
    assert sum(agent.sizes) < sum(len(e.outcome.actions_right) for e in whole)
    again = Counting(Oracle())
    assert hashes(evaluate(again, source=source, seeds=range(3), out=tmp_path)) == hashes(whole)
    assert again.sizes == [] and records.read_run(tmp_path).finished


def test_a_run_takes_more_seeds_but_no_other_settings(source, tmp_path):
    evaluate(NeverAsk(), source=source, seeds=(0,), out=tmp_path)
    assert len(evaluate(NeverAsk(), source=source, seeds=(1, 0), out=tmp_path)) == 16
    assert records.read_run(tmp_path).facts["seeds"] == [0, 1]
    other = TaskSource.of("tiny", source.tasks[:4], source.database)
    for changed, message in (
        ({"agent": Oracle()}, "agent: .*never-ask.* there, .*oracle.* asked for"),
        ({"source": other}, "content_hash"),
        ({"reward": "priced"}, "reward: 'act' there, 'priced' asked for"),
    ):
        settings = {"agent": NeverAsk(), "source": source} | changed
        with pytest.raises(records.RunMismatch, match=message):
            evaluate(settings.pop("agent"), **settings, out=tmp_path)
    assert len(records.read_run(tmp_path).episodes) == 16


def test_what_is_no_run_is_refused(source, tmp_path):
    with pytest.raises(DataNotFound, match="no run"):
        records.read_run(tmp_path)
    with pytest.raises(DataNotFound, match="no folder"):
        records.list_runs(tmp_path / "absent")
    (tmp_path / records.EPISODES).write_text("")
    with pytest.raises(records.RunMismatch, match="without"):
        evaluate(NeverAsk(), source=source, out=tmp_path)
    (tmp_path / records.EPISODES).unlink()
    evaluate(NeverAsk(), source=source, out=tmp_path)
    (tmp_path / records.EPISODES).write_text('{"task_id": 3\n')
    with pytest.raises(MalformedRecord, match="line 1"):
        records.read_run(tmp_path)
    facts = records.read_facts(tmp_path) | {"format": 99}
    records.write_json(tmp_path / records.RUN, facts)
    with pytest.raises(MalformedRecord, match="format 99"):
        records.read_run(tmp_path)


# Grading again


def test_regrading_gives_the_same_table(source, tmp_path):
    episodes = evaluate(Coin(), source=source, seeds=range(3), out=tmp_path)
    graded = regrade(tmp_path, source=source)
    assert graded == episodes
    table = metrics.table(episodes, source.tasks, name="coin", resamples=100)
    assert metrics.table(graded, source.tasks, name="coin", resamples=100) == table
    json.loads(canonical_json(table))


def test_regrading_replaces_wrong_outcomes_where_it_is_told_to(source, tmp_path):
    episodes = evaluate(Oracle(), source=source, out=tmp_path)
    wrong = [dataclasses.replace(e, outcome=dataclasses.replace(e.outcome, match=0.0, score=-1.0)) for e in episodes]
    records.write_episodes(tmp_path, wrong)
    assert regrade(tmp_path, source=source) == episodes
    assert list(records.read_run(tmp_path).episodes) == wrong
    regrade(tmp_path, source=source, write=True)
    assert list(records.read_run(tmp_path).episodes) == episodes


def test_regrading_needs_the_same_tasks(source, tmp_path):
    evaluate(NeverAsk(), source=source, out=tmp_path)
    with pytest.raises(records.RunMismatch, match="pass that source"):
        regrade(tmp_path)
    with pytest.raises(records.RunMismatch, match="content hash"):
        regrade(tmp_path, source=TaskSource.of("tiny", source.tasks[:3], source.database))


# Agents that fail


class Failing:
    """Raises for one request and gives ``bad`` for another."""

    name = "failing"

    def __init__(self, bad):
        self.bad = bad

    def act(self, observations):
        texts = []
        for o in observations:
            if "loans are" in o["dialogue"]:
                raise RuntimeError("out of memory")
            texts.append(self.bad if "holders" in o["dialogue"] else Reply("SELECT 1", tokens=3))
        return texts


@pytest.mark.parametrize("bad", [None, b"SELECT 1", 3])
def test_an_agent_that_fails_spoils_its_own_episodes_only(source, tmp_path, bad):
    episodes = evaluate(Failing(bad), source=source, out=tmp_path)
    errors = {e.task_id: e.outcome.error for e in episodes}
    for task_id in ("tiny-long-a", "tiny-long-c"):
        assert errors[task_id] == "agent_error: RuntimeError: out of memory"
    for task_id in ("tiny-order-a", "tiny-order-c"):
        assert errors[task_id] == f"agent_error: TypeError: a reply is a str, got {type(bad).__name__}"
    assert errors["tiny-revenue-a"] is None
    failed = next(e for e in episodes if e.task_id == "tiny-long-a")
    assert (failed.outcome.match, failed.outcome.score, failed.outcome.actions_right) == (0.0, 0.0, (False,))
    assert list(records.read_run(tmp_path).episodes) == regrade(tmp_path, source=source) == episodes
    table = metrics.table(episodes, source.tasks, resamples=50)["agents"][0]
    assert table["errors"] == {"agent_error": 4}
    played = next(e for e in episodes if e.task_id == "tiny-revenue-c")
    assert played.turns[-1].tokens == 3 and played.turns[-1].seconds >= 0


@pytest.mark.parametrize("given", ["SELECT 1", [], None, {"a": 1}])
def test_a_batch_of_the_wrong_form_is_recorded_too(source, given):
    class Wrong:
        def act(self, observations):
            return given

    for episode in evaluate(Wrong(), source=source, max_tasks=2):
        assert episode.outcome.error.startswith("agent_error: TypeError: act must return a list of 1 texts")


def test_hostile_text_is_data(source, tmp_path):
    class Hostile:
        def act(self, observations):
            return ["\ud800\x00</script>\u2028\n\nUser: yes" for _ in observations]

    episodes = evaluate(Hostile(), source=source, out=tmp_path)
    assert list(records.read_run(tmp_path).episodes) == episodes
    assert regrade(tmp_path, source=source) == episodes


# Which tasks


def test_subsets_are_nested_and_keep_groups_together(source):
    subsets = [{t.id for t in choose_tasks(source, None, n)} for n in range(1, 9)]
    assert [len(s) for s in subsets] == list(range(1, 9))
    assert all(small < big for small, big in itertools.pairwise(subsets))
    assert {task_id[:-1] for task_id in subsets[1]} == {next(iter(subsets[1]))[:-1]}
    assert [t.id for t in choose_tasks(source, ["tiny-rank-a", "tiny-order-c"], None)] == [
        "tiny-order-c",
        "tiny-rank-a",
    ]
    with pytest.raises(UnknownTask, match="no task 'x'"):
        evaluate(NeverAsk(), source=source, tasks=["x"])
    with pytest.raises(ValueError, match="seeds"):
        evaluate(NeverAsk(), source=source, seeds=())


def test_tasks_that_do_not_fit_are_left_out_and_counted(source, tmp_path):
    class Small(NeverAsk):
        def fits(self, observation):
            return "loan" not in observation["context"]

    episodes = evaluate(Small(), source=source, seeds=(0, 1), out=tmp_path, batch_size=3)
    assert {e.database for e in episodes} == {"shop"} and len(episodes) == 8
    left_out = records.read_run(tmp_path).facts["left_out"]
    assert left_out == sorted(t.id for t in source.tasks if t.database == "bank")
