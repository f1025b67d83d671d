import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from act_env.conversation import Action, Behaviour, Episode, Option, Outcome, Provenance, Reading, Slot, Task, Turn
from act_env.errors import MalformedRecord
from agents import metrics, stats
from agents.figures import ratio

SLOT = Slot("s", ("s",), (Option("a", "a", ("a",), ("A.",)), Option("b", "b", ("b",), ("B.",))))


def task(number: int, databases: int = 2) -> Task:
    """Task 2i is clear and 2i + 1 is its ambiguous twin."""
    ambiguous = number % 2 == 1
    readings = [Reading("a", "SELECT 1", "a", {"s": "a"}), Reading("b", "SELECT 2", "b", {"s": "b"})]
    group = number // 2
    return Task(
        id=f"t{number:03}",
        environment="ActClarify-AmbigSQL-v0",
        split="test",
        database=f"d{group % databases}",
        context="",
        request="?",
        readings=tuple(readings[: 1 + ambiguous]),
        slots=(SLOT,),
        gold_action=Action.CLARIFY if ambiguous else Action.ANSWER,
        gold_question="a or b?",
        kind="information",
        group=f"g{group:03}",
        provenance=Provenance("test", "Apache-2.0", "1"),
    )


def episode(task: Task, *, asks: bool, match: float = 1.0, seed: int = 0, tokens: int | None = None, settles=True):
    ambiguous = task.gold_action is Action.CLARIFY
    turns, right = [], []
    if asks:
        right.append(ambiguous and settles)
        resolved = ("s",) if right[0] else ()
        turns += [Turn("assistant", "a or b?", Action.CLARIFY, right[0], resolved, tokens=tokens), Turn("user", "A.")]
    right.append(not ambiguous or (asks and settles))
    turns.append(Turn("assistant", "SELECT 1", Action.ANSWER, right[-1], tokens=tokens))
    behaviour = {
        (True, True): Behaviour.CLARIFIED,
        (True, False): Behaviour.ASSUMPTION,
        (False, True): Behaviour.OVERASKED,
        (False, False): Behaviour.ANSWERED,
    }[ambiguous, asks]
    outcome = Outcome(tuple(right), behaviour, match, match, int(asks))
    return Episode(task.id, task.environment, "test", task.database, seed, "oracle", "a", tuple(turns), outcome)


TASKS = [task(i) for i in range(8)]


def figures(episodes, tasks=TASKS, **settings):
    return metrics.table(episodes, tasks, resamples=200, **settings)["agents"][0]["figures"]


# Estimators of k trials


@given(st.integers(2, 7), st.data())
def test_pass_at_k_is_the_mean_over_all_subsets(n, data):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(2, n))
    trials = [True] * c + [False] * (n - c)
    subsets = list(itertools.combinations(trials, k))
    assert stats.pass_at_k(np.array([n]), np.array([c]), k)[0] == pytest.approx(np.mean([any(s) for s in subsets]))
    assert stats.pass_hat_k(np.array([n]), np.array([c]), k)[0] == pytest.approx(np.mean([all(s) for s in subsets]))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 1), (3, 1, 4), (3, 4, 2), (3, -1, 2)])
def test_pass_at_k_refuses_what_has_no_estimator(n, c, k):
    for estimator in (stats.pass_at_k, stats.pass_hat_k):
        with pytest.raises(ValueError):
            estimator(np.array([n]), np.array([c]), k)


# Intervals


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=60))
def test_an_interval_contains_the_value_and_is_deterministic(rows):
    values = np.array([[value, 1.0] for value, _, _ in rows])
    clusters, groups = [f"c{c}" for _, c, _ in rows], [f"g{g}" for _, _, g in rows]
    found = [
        stats.interval(values, *stats.bootstrap_weights(groups, clusters, resamples=200, seed=3), ratio)
        for _ in range(2)
    ]
    assert str(found[0]) == str(found[1])
    assert found[0].value == pytest.approx(values[:, 0].mean())
    if len(set(zip(clusters, groups, strict=True))) > 1:
        assert found[0].low <= found[0].value <= found[0].high
    else:
        assert math.isnan(found[0].low)


def test_bootstrap_weights_draw_whole_clusters_and_groups_within_them():
    clusters = ["a"] * 3 + ["b"] * 5
    groups = [f"g{i}" for i in range(3)] + [f"g{i}" for i in range(5)]
    weights, index = stats.bootstrap_weights(groups, clusters, resamples=500, seed=1)
    assert weights.shape == (500, 8) and sorted(index.tolist()) == list(range(8))
    # Two clusters are drawn, and within each as many groups as it has.
    a = weights[:, index[:3]].sum(axis=1)
    b = weights[:, index[3:]].sum(axis=1)
    assert set(map(tuple, np.stack([a, b], axis=1).astype(int).tolist())) == {(6, 0), (3, 5), (0, 10)}


@pytest.mark.slow
def test_intervals_of_three_clusters_cover_the_mean():
    """Three databases that differ by 5 points, 40 groups of four tasks each: close to 95 in 100."""
    rng, hits, trials = np.random.default_rng(0), 0, 150
    clusters = np.repeat(["x", "y", "z"], 40)
    groups = [f"g{i}" for i in range(120)]
    for trial in range(trials):
        p = np.repeat(0.6 + 0.05 * rng.standard_normal(3), 40)
        hit = rng.binomial(4, rng.beta(2 * p, 2 * (1 - p)))
        rows = np.stack([hit, np.full(120, 4)], axis=1).astype(float)
        found = stats.interval(rows, *stats.bootstrap_weights(groups, clusters, resamples=300, seed=trial), ratio)
        hits += found.low <= 0.6 <= found.high
    assert hits / trials > 0.85


# Tests


def means(values) -> np.ndarray:
    return np.array([[v, 1.0] for v in values])


def test_the_exact_test_equals_enumeration():
    a, b = np.array([1, 1, 0.5, 1, 0, 1.0]), np.array([0, 1, 0, 0.5, 0.5, 0.0])
    groups = [f"g{i}" for i in range(6)]
    found = stats.paired_test(means(a), means(b), ratio, clusters=["d"] * 6, groups=groups)
    d = a - b
    every = [abs(np.mean(d * s)) >= abs(d.mean()) - 1e-12 for s in itertools.product([1, -1], repeat=6)]
    assert found.p == pytest.approx(np.mean(every))
    assert found.difference == pytest.approx(d.mean())
    assert (found.unit, found.units, found.method) == ("request group", 6, "exact")


def test_drawn_flips_come_close_to_the_exact_p():
    rng = np.random.default_rng(5)
    a, b = rng.random(13), rng.random(13) * 0.7
    groups = [f"g{i}" for i in range(13)]
    exact = stats.paired_test(means(a), means(b), ratio, clusters=["d"] * 13, groups=groups)
    extra = means(np.append(a, [0.5, 0.500001])), means(np.append(b, [0.5, 0.5]))
    drawn = stats.paired_test(*extra, ratio, clusters=["d"] * 15, groups=[*groups, "x", "y"])
    assert exact.method == "exact" and drawn.method == "9999 random flips"
    assert drawn.p == pytest.approx(exact.p, abs=0.02)
    assert drawn == stats.paired_test(*extra, ratio, clusters=["d"] * 15, groups=[*groups, "x", "y"])


def test_flips_are_over_clusters_from_eight_of_them_on():
    values, groups = means(np.arange(16) / 16), [f"g{i}" for i in range(16)]
    for clusters, unit in ((8, "database"), (7, "request group")):
        labels = [f"d{i % clusters}" for i in range(16)]
        found = stats.paired_test(values, values * 0.5, ratio, clusters=labels, groups=groups)
        assert (found.unit, found.units) == (unit, 8 if clusters == 8 else 16)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_agent_does_not_differ_from_itself(values):
    rows = means(values)
    found = stats.paired_test(rows, rows, ratio, clusters=["d"] * len(rows), groups=[f"g{i}" for i in range(len(rows))])
    assert (found.difference, found.p) == (0.0, 1.0)


@pytest.mark.slow
def test_under_no_difference_p_is_uniform():
    rng, found = np.random.default_rng(2), []
    groups = [f"g{i}" for i in range(10)]
    for _ in range(300):
        a, b = means(rng.random(10)), means(rng.random(10))
        found.append(stats.paired_test(a, b, ratio, clusters=["d"] * 10, groups=groups).p)
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_holm_steps_down_and_skips_nan():
    assert stats.holm([0.04, 0.01, float("nan"), 0.03])[:2] == pytest.approx([0.06, 0.03])
    assert math.isnan(stats.holm([float("nan")])[0])
    assert stats.holm([0.9, 0.8]) == [1.0, 1.0]


def test_noise_floor_is_zero_for_equal_seeds_and_undefined_for_one():
    assert stats.noise_floor([0.5, 0.5, 0.5]) == 0
    assert math.isnan(stats.noise_floor([0.5]))
    # Two evaluations with twenty seeds each differ by more than the floor about one time in twenty.
    rng = np.random.default_rng(3)
    draws = rng.standard_normal((2, 2000, 20))
    floors = np.array([stats.noise_floor(row) for row in draws[0]])
    assert np.mean(abs(draws[0].mean(axis=1) - draws[1].mean(axis=1)) > floors) == pytest.approx(0.05, abs=0.02)


# Figures


def test_figures_of_a_hand_made_table():
    found = figures(
        [
            episode(TASKS[0], asks=False),
            episode(TASKS[2], asks=False, match=0.0),
            episode(TASKS[4], asks=True),
            episode(TASKS[6], asks=False),
            episode(TASKS[1], asks=True),
            episode(TASKS[3], asks=True, match=0.0),
            episode(TASKS[5], asks=True, settles=False),
            episode(TASKS[7], asks=False),  # a lucky guess
        ]
    )
    values = {name: figure["value"] for name, figure in found.items()}
    assert values["trajectory_em"] == 6 / 8
    assert values["trajectory_reward"] == 3 / 8
    assert values["turn_em"] == 4 / 8
    assert values["action_accuracy"] == 6 / 8
    assert values["action_macro_f1"] == values["action_weighted_f1"] == pytest.approx(0.75)
    assert (values["over_asking"], values["under_asking"]) == (0.25, 0.25)
    assert (values["post_clarification_em"], found["post_clarification_em"]["n"]) == (pytest.approx(2 / 3), 3)
    assert (values["post_clarification_em_all"], found["post_clarification_em_all"]["n"]) == (2 / 4, 4)
    assert values["questions"] == 4 / 8
    assert not {"tokens", "regret", "pass_at_2", "post_clarification_em_forced"} & set(found)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=8, max_size=8))
def test_f1_is_that_of_scikit_learn(asked):
    sklearn = pytest.importorskip("sklearn.metrics")
    found = figures([episode(t, asks=a) for t, a in zip(TASKS, asked, strict=True)])
    gold = [t.gold_action is Action.CLARIFY for t in TASKS]
    for average in ("macro", "weighted"):
        expected = sklearn.f1_score(gold, asked, average=average, zero_division=0)
        assert found[f"action_{average}_f1"]["value"] == pytest.approx(expected)


def test_post_clarification_is_empty_where_nothing_was_asked():
    found = figures([episode(t, asks=False) for t in TASKS])
    assert found["post_clarification_em"] == {"value": None, "low": None, "high": None, "n": 0}
    assert found["post_clarification_em_all"]["value"] == 0


def test_k_trials_count_the_reward_and_need_as_many_seeds():
    episodes = [episode(t, asks=t.gold_action is Action.CLARIFY and s > 0, seed=s) for t in TASKS for s in range(3)]
    found = figures(episodes)
    assert found["pass_at_2"]["value"] == 1.0
    assert found["pass_hat_2"]["value"] == pytest.approx((1 + 1 / 3) / 2)
    assert found["pass_hat_3"]["value"] == 0.5
    assert "pass_at_4" not in found


def test_every_task_weighs_the_same_however_often_it_was_played():
    episodes = [episode(TASKS[0], asks=False, match=0.0, seed=s) for s in range(9)] + [episode(TASKS[1], asks=True)]
    assert figures(episodes)["trajectory_em"]["value"] == 0.5


def test_tokens_are_summed_over_the_replies():
    assert figures([episode(t, asks=True, tokens=7) for t in TASKS])["tokens"]["value"] == 14


def test_a_history_of_gold_turns_is_not_the_agents():
    history = (Turn("user", "hi"), Turn("assistant", "which?", Action.CLARIFY), Turn("user", "that"))
    older = dataclasses.replace(TASKS[0], history=history)
    played = episode(older, asks=False)
    played = dataclasses.replace(played, turns=(*history, Turn("user", "?"), *played.turns))
    assert figures([played], [older])["action_accuracy"]["value"] == 1.0


def test_compare_takes_the_tasks_that_all_agents_played():
    ask, answer = ([episode(t, asks=a, match=float(a)) for t in TASKS] for a in (True, False))
    runs = [metrics.Played("answer", (tuple(answer[:6]),)), metrics.Played("ask", (tuple(ask),))]
    found = metrics.compare(runs, TASKS, resamples=100)
    assert (found["meta"]["tasks"], found["meta"]["left_out"]) == (6, 2)
    assert [a["tasks"] for a in found["agents"]] == [6, 6]
    first = found["tests"][0]
    assert (first["a"], first["b"], first["metric"], first["difference"]) == ("ask", "answer", "trajectory_em", 1.0)
    assert (first["p"], first["unit"], first["units"]) == (0.25, "request group", 3)


def test_compare_is_the_same_for_the_same_episodes_in_any_order():
    rng = np.random.default_rng(0)
    episodes = [episode(t, asks=bool(rng.random() < 0.5), seed=s) for t in TASKS for s in range(2)]
    again = [episodes[i] for i in rng.permutation(len(episodes))]
    assert metrics.table(episodes, TASKS) == metrics.table(again, TASKS)


def test_runs_of_one_agent_give_the_spread_over_training_seeds():
    runs = tuple(tuple(episode(t, asks=False, match=m) for t in TASKS) for m in (0.0, 1.0))
    found = metrics.compare([metrics.Played("act", runs)], TASKS, resamples=100)["agents"][0]
    assert found["figures"]["trajectory_em"]["value"] == 0.5
    assert found["spread"]["trajectory_em"]["values"] == [0.0, 1.0]
    assert "pass_at_2" not in found["figures"]  # one trial a run


def test_what_cannot_be_compared_is_refused():
    played = metrics.Played("a", ((episode(TASKS[0], asks=False),),))
    other = metrics.Played("b", ((episode(TASKS[1], asks=False),),))
    with pytest.raises(metrics.NothingToCompare, match="'a', 'b'"):
        metrics.compare([played, other], TASKS)
    unfinished = dataclasses.replace(played.runs[0][0], outcome=None)
    with pytest.raises(MalformedRecord, match="no outcome"):
        metrics.table([unfinished], TASKS)
