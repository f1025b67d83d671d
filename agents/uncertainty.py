"""The uncertainty-threshold agent: asks when its own samples disagree in result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from act_env.conversation import Action
from agents.base import EpisodeView, Observation, agent_name
from agents.scripted import GENERIC, asked_before, gold_question


class Sampler(Protocol):
    """What the agent samples from, for example a ``agents.lm.LMAgent``."""

    def sample(self, observations: Sequence[Observation], n: int, temperature: float) -> list[list[str]]: ...


class Uncertainty:
    """Draws ``n`` replies of the sampler (an object, or a model's name), compares the answers among them, and
    asks once if less than ``threshold`` of all n agree in result; else it gives the first reply of the
    largest group.

    A sampled question counts against agreement. The question asked is the first one sampled, if any;
    else, with ``questions="oracle"``, the task's gold question, and with ``"generic"`` one that names
    nothing. It is privileged for that text and for what judges its samples, which compares them with each other
    only; the decision and the answers are the sampler's own.
    """

    def __init__(
        self,
        sampler: Sampler | str,
        *,
        n: int = 8,
        temperature: float = 1.0,
        threshold: float = 0.6,
        questions: str = "oracle",
    ):
        if questions not in ("oracle", "generic"):
            raise ValueError(f"questions is 'oracle' or 'generic', got {questions!r}")
        if n < 2 or not 0 <= threshold <= 1:
            raise ValueError(f"needs n >= 2 samples and a threshold in [0, 1], got {n!r} and {threshold!r}")
        if isinstance(sampler, str):
            from agents.lm import LMAgent

            sampler = LMAgent.load(sampler)
        self.sampler, self.n, self.temperature = sampler, n, temperature
        self.threshold, self.questions = threshold, questions
        self.name = f"uncertainty ({agent_name(sampler)})"
        self.facts = {
            "n": n,
            "temperature": temperature,
            "threshold": threshold,
            "questions": questions,
            "sampler": dict(getattr(sampler, "facts", {})),
        }
        for optional in ("device", "fits"):
            if hasattr(sampler, optional):
                setattr(self, optional, getattr(sampler, optional))

    def act_privileged(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[str]:
        samples = self.sampler.sample(observations, self.n, self.temperature)
        return [self._reply(drawn, view) for drawn, view in zip(samples, episodes, strict=True)]

    def _reply(self, drawn: Sequence[str], view: EpisodeView) -> str:
        groups: list[tuple[Any, list[str]]] = []
        for text in drawn:
            result = view.judge.meant(view.task, text)
            if result is None:
                continue
            for seen, members in groups:
                if view.judge.same(result, seen):
                    members.append(text)
                    break
            else:
                groups.append((result, [text]))
        largest = max((members for _, members in groups), key=len, default=[])
        if len(largest) < self.threshold * len(drawn) and not asked_before(view):
            return self._question(drawn, view)
        return largest[0] if largest else drawn[0]

    def _question(self, drawn: Sequence[str], view: EpisodeView) -> str:
        for text in drawn:
            if view.judge.action_of(text) is Action.CLARIFY and text.rstrip().endswith("?"):
                return text
        return gold_question(view.task) if self.questions == "oracle" else GENERIC
