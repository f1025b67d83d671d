"""The uncertainty-threshold agent: asks when its own samples disagree in result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from act_env.conversation import Result
from act_env.errors import SandboxError
from act_env.sql.grading import match
from act_env.sql.readings import find_statement
from act_env.sql.sandbox import shared
from agents.base import EpisodeView, Observation, agent_name
from agents.scripted import GENERIC, asked_before, gold_question


class Sampler(Protocol):
    """What the agent samples from, for example a ``agents.lm.LMAgent``."""

    def sample(self, observations: Sequence[Observation], n: int, temperature: float) -> list[list[str]]: ...


class Uncertainty:
    """Draws ``n`` replies of the sampler (an object, or a model's name), runs those that hold SQL, and
    asks once if less than ``threshold`` of all n agree in result; else it gives the first reply of the
    largest group.

    A sampled question counts against agreement. The question asked is the first one sampled, if any;
    else, with ``questions="oracle"``, the task's gold question, and with ``"generic"`` one that names
    nothing. It is privileged for that text and for the path of the database its samples run on; the
    decision and the answers are the sampler's own.
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
        groups: list[tuple[Result, list[str]]] = []
        for text in drawn:
            result = self._result(text, view)
            if result is None:
                continue
            for seen, members in groups:
                if match(result, seen).ok and match(seen, result).ok:
                    members.append(text)
                    break
            else:
                groups.append((result, [text]))
        largest = max((members for _, members in groups), key=len, default=[])
        if len(largest) < self.threshold * len(drawn) and not asked_before(view):
            return self._question(drawn, view)
        return largest[0] if largest else drawn[0]

    @staticmethod
    def _result(text: str, view: EpisodeView) -> Result | None:
        statement = find_statement(text)
        if statement is None or view.database is None:
            return None
        sandbox = shared(view.database)
        try:
            result = sandbox.execute(statement)
        except SandboxError:
            return None  # a sample that does not run agrees with no other
        try:
            return sandbox.gold(statement)  # with ranks: two orders are two results
        except SandboxError:
            return result  # a LIMIT cuts a tie, and what it orders cannot be told

    def _question(self, drawn: Sequence[str], view: EpisodeView) -> str:
        for text in drawn:
            if find_statement(text) is None and text.rstrip().endswith("?"):
                return text
        return gold_question(view.task) if self.questions == "oracle" else GENERIC
