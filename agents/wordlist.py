"""The word-list agent: a bag of words over the whole observation decides whether to ask.

It shows how far the surface of a request goes: a logistic regression on which words stand in schema,
notes and dialogue, trained on the first observations of the train split, with oracle texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit

from act_env.conversation import Action, Task
from agents.base import EpisodeView, Observation, first_observation
from agents.scripted import Scripted

_WORD = re.compile(r"\w+")


def words(observation: Observation) -> set[str]:
    return set(_WORD.findall(f"{observation['context']}\n{observation['dialogue']}".casefold()))


class LogisticWords:
    """L2-regularised logistic regression on the presence of words; ``strength`` is the penalty's weight
    against the summed log loss. Words seen in fewer than ``min_count`` texts are left out."""

    def __init__(self, strength: float = 1.0, min_count: int = 2):
        self.strength, self.min_count = strength, min_count
        self.vocabulary: dict[str, int] = {}
        self.weights = np.zeros(1)

    def fit(self, texts: Sequence[set[str]], labels: Sequence[bool]) -> LogisticWords:
        """Raises ValueError unless both labels occur."""
        if len(set(labels)) < 2:
            raise ValueError(f"both labels are needed to train on, got {sorted(set(labels))} over {len(texts)} texts")
        counts = Counter(word for text in texts for word in text)
        kept = sorted(word for word, count in counts.items() if count >= self.min_count)
        self.vocabulary = {word: i for i, word in enumerate(kept)}
        x, y = self._matrix(texts), np.where(np.asarray(labels), 1.0, -1.0)

        def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
            margin = y * (x @ w)
            slope = -y * expit(-margin)
            free = np.append(w[:-1], 0.0)  # the intercept is not penalised
            return (
                float(np.logaddexp(0, -margin).sum() + self.strength / 2 * free @ free),
                x.T @ slope + self.strength * free,
            )

        self.weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
        return self

    def probability(self, texts: Sequence[set[str]]) -> np.ndarray:
        return expit(self._matrix(texts) @ self.weights)

    def _matrix(self, texts: Sequence[set[str]]) -> csr_matrix:
        columns = [sorted(self.vocabulary[w] for w in text if w in self.vocabulary) for text in texts]
        intercept = len(self.vocabulary)
        indices = np.array([c for row in columns for c in (*row, intercept)], dtype=np.intp)
        starts = np.concatenate([[0], np.cumsum([len(row) + 1 for row in columns])]).astype(np.intp)
        return csr_matrix((np.ones(len(indices)), indices, starts), shape=(len(columns), intercept + 1))


class WordList(Scripted):
    """Asks where the words of the observation speak for it; oracle texts.

    ``train`` gives the tasks to learn from; by default the train split of ``env_id`` from ``source``,
    loaded and learnt when the first observation comes.
    """

    name = "word-list"

    def __init__(
        self,
        train: Iterable[Task] | None = None,
        *,
        env_id: str = "ActClarify-AmbigSQL-v0",
        source: str = "bundled",
        path: str | None = None,
        strength: float = 1.0,
    ):
        self._train = None if train is None else tuple(train)
        self._from = (env_id, source, path)
        self.facts = {"strength": strength, "trained_on": source if train is None else "given tasks"}
        self._model = LogisticWords(strength)
        self._fitted = False

    def _fit(self) -> None:
        tasks = self._train
        if tasks is None:
            import act_env

            env_id, source, path = self._from
            tasks = act_env.load_source(env_id, split="train", source=source, path=path).tasks
        texts = [words(first_observation(task)) for task in tasks]
        self._model.fit(texts, [task.gold_action is Action.CLARIFY for task in tasks])
        self._fitted = True

    def decide(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[bool]:
        if not self._fitted:
            self._fit()
        return [bool(p > 0.5) for p in self._model.probability([words(o) for o in observations])]
