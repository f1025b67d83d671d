import sys
import textwrap

import numpy as np
import pytest

from act_env.conversation import Action, Behaviour
from agents import base, clash
from agents.base import AgentNotFound, NotAnAgent, first_observation, load_agent
from agents.evaluate import evaluate
from agents.scripted import AlwaysAsk, Coin, ForcedQuestion, GenericAsker, KitchenSink, NeverAsk, Oracle
from agents.uncertainty import Uncertainty
from agents.wordlist import LogisticWords, WordList
from tests.support import tiny_source

SEEDS = range(6)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return tiny_source(tmp_path_factory.mktemp("tiny"))


def play(agent, source, **settings):
    return evaluate(agent, source=source, seeds=SEEDS, **settings)


def reward(episodes) -> float:
    return float(np.mean([episode.outcome.score for episode in episodes]))


def is_ambiguous(source, episode) -> bool:
    return next(t for t in source.tasks if t.id == episode.task_id).gold_action is Action.CLARIFY


def test_the_oracle_reaches_the_maximum_on_every_task(source):
    episodes = play(Oracle(), source)
    assert [episode.outcome.score for episode in episodes] == [1.0] * len(source.tasks) * len(SEEDS)
    assert {e.outcome.behaviour for e in episodes} == {Behaviour.CLARIFIED, Behaviour.ANSWERED}


@pytest.mark.parametrize("agent", [AlwaysAsk(), NeverAsk(), Coin()], ids=lambda agent: agent.name)
def test_others_stay_far_below_the_oracle(source, agent):
    assert reward(play(agent, source)) <= 0.6


def test_a_generic_question_earns_nothing_on_ambiguous_requests(source):
    episodes = [e for e in play(GenericAsker(), source) if is_ambiguous(source, e)]
    assert {episode.outcome.score for episode in episodes} == {0.0}
    assert {episode.outcome.questions for episode in episodes} == {1}


def test_asking_for_everything_gains_nothing_over_asking_always(source):
    one_slot = [t.id for t in source.tasks if len(t.slots) == 1]
    sink, always = play(KitchenSink(), source, tasks=one_slot), play(AlwaysAsk(), source, tasks=one_slot)
    assert reward(sink) <= reward(always)


def test_a_guess_depends_on_nothing_but_what_was_said(source):
    """never-ask gives the same answer whatever the user meant, and so is right for one reading at most."""
    for task in source.tasks:
        answers = {e.turns[-1].text for e in play(NeverAsk(), source, tasks=[task.id])}
        assert len(answers) == 1


def test_the_coin_is_keyed_by_seed_and_observation(source):
    observations = [first_observation(task) for task in source.tasks] * 20
    for i, observation in enumerate(observations):
        observation["context"] += str(i)
    views = [None] * len(observations)
    tosses = Coin(seed=1).decide(observations, views)
    assert tosses == Coin(seed=1).decide(observations, views)
    assert tosses != Coin(seed=2).decide(observations, views)
    assert Coin(seed=1).decide(observations[::-1], views) == tosses[::-1]
    assert 0.3 < np.mean(tosses) < 0.7
    assert not any(Coin(p=0).decide(observations, views)) and all(Coin(p=1).decide(observations, views))
    with pytest.raises(ValueError, match=r"1\.5"):
        Coin(p=1.5)


def test_a_forced_question_leaves_the_rest_to_the_agent(source):
    plain, forced = play(NeverAsk(), source), play(ForcedQuestion(NeverAsk()), source)
    for before, after in zip(plain, forced, strict=True):
        if is_ambiguous(source, after):
            assert after.outcome.questions == 1 and after.outcome.actions_right[0]
        else:
            assert before.turns[-1].text == after.turns[-1].text and after.outcome.questions == 0
    one_slot = [e for e in forced if is_ambiguous(source, e) and not e.task_id.startswith("tiny-rank")]
    assert {episode.outcome.match for episode in one_slot} == {1.0}


# The word list


def test_word_regression_is_that_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    texts = [{f"w{j}" for j in range(12) if rng.random() < 0.4} for _ in range(80)]
    labels = [("w1" in text) != (rng.random() < 0.2) for text in texts]
    ours = LogisticWords(strength=2.0, min_count=1).fit(texts, labels)
    x = ours._matrix(texts).toarray()[:, :-1]
    theirs = linear_model.LogisticRegression(C=0.5, tol=1e-8, max_iter=1000).fit(x, labels)
    np.testing.assert_allclose(ours.probability(texts), theirs.predict_proba(x)[:, 1], atol=1e-4)


def test_the_word_list_learns_the_words_of_its_tasks(source):
    agent = WordList(source.tasks, strength=0.01)
    observations = [first_observation(task) for task in source.tasks]
    asked = agent.decide(observations, [None] * len(observations))
    assert asked == [task.gold_action is Action.CLARIFY for task in source.tasks]
    with pytest.raises(ValueError, match="both labels"):
        WordList([t for t in source.tasks if t.gold_action is Action.ANSWER]).decide(observations, [])


# Uncertainty


class Guesser:
    """Draws the readings of the task in turns: certain where there is one, uncertain where there are more."""

    name = "guesser"

    def __init__(self, source):
        self.by_context = {(t.context, t.request): t for t in source.tasks}

    def sample(self, observations, n, temperature):
        assert temperature == 1.0
        drawn = []
        for o in observations:
            task = self.by_context[o["context"], o["dialogue"].split("\n")[0].removeprefix("User: ")]
            drawn.append([task.readings[i % len(task.readings)].answer for i in range(n)])
        return drawn


def test_uncertainty_asks_where_samples_disagree_in_result(source):
    episodes = play(Uncertainty(Guesser(source)), source)
    asked = {e.task_id: e.outcome.questions for e in episodes}
    assert asked == {t.id: int(t.gold_action is Action.CLARIFY) for t in source.tasks}
    bold = play(Uncertainty(Guesser(source), threshold=0.0), source)
    assert {episode.outcome.questions for episode in bold} == {0}
    with pytest.raises(ValueError, match="'loud'"):
        Uncertainty(Guesser(source), questions="loud")


# Names


def test_built_in_names_are_made_with_their_settings():
    assert load_agent("never-ask").name == "never-ask"
    assert load_agent("coin", seed=4).seed == 4
    assert {"oracle", "word-list", "kitchen-sink"} <= set(base.agent_names())


def test_a_module_of_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text(
        textwrap.dedent("""
        class Mine:
            def __init__(self, text="SELECT 1"): self.text = text
            def act(self, observations): return [self.text for _ in observations]
        made = Mine("instance")
        def factory(**settings): return Mine(**settings)
        number = 3
        def nothing(): return None
        """)
    )
    (tmp_path / "needs_for_test.py").write_text("import a_package_that_is_not_there")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_agent("mine_for_test:Mine").act([{}]) == ["SELECT 1"]
    assert load_agent("mine_for_test:factory", text="x").act([{}, {}]) == ["x", "x"]
    assert load_agent("mine_for_test:made").text == "instance"
    assert base.agent_name(load_agent("mine_for_test:Mine")) == "mine_for_test:Mine"
    for spec, settings, message in (
        ("mine_for_test:made", {"text": "x"}, "instance already"),
        ("mine_for_test:number", {}, "without act"),
        ("mine_for_test:nothing", {}, "NoneType without act"),
        ("mine_for_test:Mine", {"colour": 1}, "colour"),
    ):
        with pytest.raises(NotAnAgent, match=message):
            load_agent(spec, **settings)
    for spec, message in (
        ("mine_for_test:mide", "did you mean 'made'"),
        ("needs_for_test:X", "needs the module 'a_package_that_is_not_there'"),
        ("not_there_for_test.deep:X", "no module"),
    ):
        with pytest.raises(AgentNotFound, match=message):
            load_agent(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("orakle", "did you mean 'oracle'"), ("zzz", "known: always-ask"), ("a:", "no agent named"), (":b", "no agent")],
)
def test_an_unknown_name_names_what_is_known(spec, message):
    with pytest.raises(AgentNotFound, match=message):
        load_agent(spec)


def test_entry_points_are_found(monkeypatch):
    from importlib.metadata import EntryPoint

    point = EntryPoint("my-point", "agents.scripted:NeverAsk", base.ENTRY_POINTS)
    monkeypatch.setattr(base.importlib.metadata, "entry_points", lambda group: [point])
    assert "my-point" in base.agent_names()
    assert load_agent("my-point").name == "never-ask"


def test_another_distribution_in_the_same_folder_gets_one_message(monkeypatch):
    class Other:
        def __init__(self, folder):
            self.folder = folder

        def locate_file(self, name):
            return f"{self.folder}/{name}"

    here = str(clash.Path(clash.__file__).parent.parent)
    monkeypatch.setattr(clash.importlib.metadata, "distribution", lambda name: Other("/elsewhere"))
    clash.check()
    monkeypatch.setattr(clash.importlib.metadata, "distribution", lambda name: Other(here))
    monkeypatch.setattr(clash.importlib.metadata, "packages_distributions", lambda: {"agents": ["openai-agents"]})
    with pytest.raises(clash.AgentsClash, match="act-clarify and openai-agents"):
        clash.check()
