"""The learner, the agents and the report on answers in text: nothing of them knows which id it plays."""

# ruff: noqa: E402 (without the extra [train] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

import act_env
from act_env.conversation import Action
from act_env.registration import ABG_COQA, PACIFIC, SCOPES
from agents import conversations, lm, metrics, results, roster
from agents.act import trainer
from agents.evaluate import evaluate, regrade
from agents.sft import SFTConfig, train_sft
from agents.uncertainty import Uncertainty
from tests.support_model import tiny_model, tiny_tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")
FIXTURES = Path(__file__).parents[1] / "fixtures"
TINY = {PACIFIC: FIXTURES / "pacific" / "tiny.json", ABG_COQA: FIXTURES / "abg_coqa" / "tiny.json"}


@pytest.fixture(scope="module", params=[PACIFIC, ABG_COQA])
def source(request):
    return act_env.load_source(request.param, split="train", source="published", path=TINY[request.param])


@pytest.fixture(scope="module")
def tokenizer(source):
    texts = [task.context for task in source.tasks] + [r.answer for task in source.tasks for r in task.readings]
    return tiny_tokenizer(texts, vocabulary=700)


def test_a_conversation_is_a_dialogue_with_all_its_turns(source):
    n = len(source.conversations())
    for size in range(1, n + 1):
        drawn = conversations.conversations(source, size, seed=3)
        assert len({task.conversation or task.id for task in drawn}) == size
        assert drawn == conversations.conversations(source, n, seed=3)[: len(drawn)]
    assert sorted(task.id for task in drawn) == sorted(task.id for task in source.tasks)
    with pytest.raises(ValueError, match=f"1 to {n}"):
        conversations.conversations(source, n + 1, seed=0)


def test_supervised_tuning_and_act_run(source, tokenizer, tmp_path):
    model = tiny_model(tokenizer)
    tuned = train_sft(
        model, tokenizer, source, source.tasks, SFTConfig(num_train_epochs=1, max_steps=2), tmp_path / "sft"
    )
    config = trainer.ACTConfig(max_steps=2, max_new_tokens=12)
    taught = trainer.train_act(tuned.model, tokenizer, source, source.tasks, config, tmp_path / "act")
    assert len(taught.history) == 2
    scenarios = sum(taught.history[-1].get(f"scenario/{name}", 0) for name in ("A", "B1", "B2"))
    assert scenarios > 0
    agent = lm.LMAgent(taught.model, tokenizer, name="taught", max_new_tokens=12)
    episodes = evaluate(agent, env_id=source.tasks[0].environment, source=source)
    assert all(episode.outcome.f1 is not None for episode in episodes)


@pytest.mark.parametrize(("id", "scope"), [(id, scope) for id in TINY for scope in SCOPES[id]])
def test_scripted_agents_are_played_recorded_and_graded_again(id, scope, tmp_path):
    where = {"env_id": id, "source": "published", "path": str(TINY[id]), "split": "train", "scope": scope}
    names = ("oracle", "always-ask", "never-ask", "generic-asker", "kitchen-sink", "coin", "word-list")
    for name in names:
        agent = roster.find(name, env_id=id, source="published", path=TINY[id])
        evaluate(agent, **where, out=tmp_path / name)
        assert regrade(tmp_path / name) == list(results.records.read_run(tmp_path / name).episodes)
    found = results.summarise(tmp_path, order=names, regrade=True)
    figures = {agent["name"]: agent["figures"] for agent in found.comparison["agents"]}
    oracle = figures["oracle"]
    assert oracle["trajectory_reward"]["value"] == oracle["trajectory_f1"]["value"] == oracle["turn_f1"]["value"] == 1.0
    assert figures["never-ask"]["under_asking"]["value"] == figures["always-ask"]["over_asking"]["value"] == 1.0
    assert figures["generic-asker"]["trajectory_reward"]["value"] == 0.0
    assert figures["kitchen-sink"]["trajectory_reward"]["value"] == 0.0
    assert {test["metric"] for test in found.comparison["tests"]} >= {"trajectory_f1"}
    assert results.write(tmp_path, found).is_file()
    assert json.loads((tmp_path / "table.json").read_text())["meta"]["scope"] == scope


def test_an_agent_that_fails_in_the_middle_of_a_dialogue_spoils_that_dialogue_alone():
    class Fails:
        name = "fails"

        def act(self, observations):
            if any("ale or stout" in o["dialogue"] for o in observations):
                raise RuntimeError("no more")
            return ["Do you mean ale or stout?" if "sales" in o["dialogue"] else "7" for o in observations]

    for split in ("train", "dev", "test"):
        source = act_env.load_source(PACIFIC, split=split, source="published", path=TINY[PACIFIC], scope="conversation")
        episodes = evaluate(Fails(), env_id=PACIFIC, source=source, scope="conversation")
        table = metrics.table(episodes, source.tasks)
        assert len(episodes) == len(source.tasks)
        failed = [e for e in episodes if (e.outcome.error or "").startswith("agent_error")]
        assert len(failed) == sum("What are the sales?" in task.request for task in source.tasks)
        assert table["agents"][0]["figures"]["trajectory_f1"]["value"] is not None


def test_the_uncertain_agent_compares_its_samples_by_the_tasks_own_judge(source):
    class Sampler:
        name = "sampler"

        def __init__(self, texts):
            self.texts = texts

        def sample(self, observations, n, temperature):
            return [list(self.texts) for _ in observations]

    def says(texts) -> list[Action]:
        agent = Uncertainty(Sampler(texts), n=len(texts))
        episodes = evaluate(agent, env_id=source.tasks[0].environment, source=source)
        return [e.turns[-1].action if not e.outcome.questions else Action.CLARIFY for e in episodes]

    assert set(says(("7 million", "7 million", "$7 million"))) == {Action.ANSWER}
    assert set(says(("7 million", "the rope", "a long way from home"))) == {Action.CLARIFY}


def test_another_classifier_is_part_of_the_run_and_of_its_grading(tmp_path):
    where = {"env_id": ABG_COQA, "source": "published", "path": str(TINY[ABG_COQA]), "split": "train"}
    agent = roster.find("always-ask", env_id=ABG_COQA, source="published", path=TINY[ABG_COQA])
    named = "tests.agents.test_text_learning:answers_only"
    episodes = evaluate(agent, **where, out=tmp_path / "run", classifier=named)
    assert all(len(e.outcome.actions_right) == 1 and not e.outcome.questions for e in episodes)
    assert regrade(tmp_path / "run") == episodes
    with pytest.raises(results.records.RunMismatch, match="classifier"):
        evaluate(agent, **where, out=tmp_path / "run")


def answers_only(text: str) -> Action:
    return Action.ANSWER


def test_a_person_plays_a_whole_dialogue(tmp_path):
    import gymnasium as gym
    from rich.console import Console

    from agents.play import play

    env = gym.make(PACIFIC, split="train", source="published", path=TINY[PACIFIC], scope="conversation")
    lines = iter(["7"] * 20)
    console = Console(record=True, width=100, file=open(tmp_path / "out.txt", "w", encoding="utf-8"))  # noqa: SIM115
    episode = play(env, seed=1, console=console, read=lambda prompt: next(lines), save=tmp_path / "episode.json")
    assert len(episode.outcome.parts) == len(env.unwrapped.played.parts)
    saved = json.loads((tmp_path / "episode.json").read_text(encoding="utf-8"))
    assert saved["task"]["parts"] and saved["episode"]["outcome"]["parts"]
    assert "does not match" in console.export_text()
