"""Phase 1 of ACT: contrastive pairs from conversations (Algorithm 1 of the paper, section 3.2).

For every system turn of every conversation:

1. the prompt p is the dialogue so far, the gold action a_w is what the state calls for (or what an
   annotator G says, where labels are not to be used), and the gold reply y_w is the winning one;
2. the losing action a_l is the other one of {CLARIFY, ANSWER};
3. the losing reply y_l carries out a_l: on an ambiguous turn it is the gold answer given straight away,
   on a clear turn a question written by the conditional generator M.

A clear task gives one pair; an ambiguous one a pair for each question and one for the answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from act_env.conversation import ASSISTANT, Action, Slot, Task, Turn
from act_env.env import ClarifyEnv, Snapshot
from act_env.errors import ActClarifyError
from agents.conversations import GoldPlay, GoldTurn, Think, Trajectory
from agents.lm import seed_of

Generator: TypeAlias = Callable[[Task, Sequence[Turn], int], str]
"""M of Algorithm 1: a clarifying question for a task and the dialogue so far; the seed varies its words."""

Annotator: TypeAlias = Callable[[Task, Sequence[Turn]], Action]
"""G of Algorithm 1: the action that a state calls for, where gold labels are not to be used."""


class NotAQuestion(ActClarifyError, ValueError):
    """The conditional generator wrote something that is not taken for a clarifying question."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """One system turn with a winning and a losing continuation.

    ``state`` is the environment's snapshot before the turn and holds the intention, which all
    rollouts of the pair share. ``by_gold`` is False where ``action`` comes from an annotator: then an
    outcome is judged by its match alone, since the environment's reward knows the gold action.
    """

    id: str
    task_id: str
    intention: str
    state: Snapshot
    prompt: tuple[int, ...]
    action: Action
    chosen: Trajectory
    rejected: Trajectory
    by_gold: bool = True


def template_question(task: Task, turns: Sequence[Turn], seed: int) -> str:
    """The default M. The task's own question where it has one, so that questions that lose are worded as
    those that win; else one from a template about its slot, or about nothing where it has no slots."""
    if task.gold_question:
        return task.gold_question
    if task.slots:
        return _offer(task.slots[seed % len(task.slots)], seed // 7)
    return GENERIC_QUESTIONS[seed % len(GENERIC_QUESTIONS)]


GENERIC_QUESTIONS = (
    "Could you say more precisely what you mean?",
    "What exactly do you want to see?",
    "Which part of the data do you mean?",
)

_OFFERS = (
    "Do you mean {options}?",
    "Which one do you mean: {options}?",
    "Should I take {options}?",
    "Would you like {options}?",
)


def _offer(slot: Slot, seed: int) -> str:
    glosses = [option.gloss for option in slot.options[:3]]
    if len(glosses) == 1:
        return f"Which {slot.cues[0] if slot.cues else slot.name} do you mean?"
    options = f"{', '.join(glosses[:-1])} or {glosses[-1]}"
    return _OFFERS[seed % len(_OFFERS)].format(options=options)


def build(
    env: ClarifyEnv,
    plays: Iterable[GoldPlay],
    tokenizer: Any,
    *,
    seed: int,
    generator: Generator = template_question,
    annotator: Annotator | None = None,
    think: Think | None = None,
) -> list[Pair]:
    """The pairs of gold plays, one for each of their system turns, in order. ``think`` gives the thoughts of a
    model that thinks first, which replies that are given to it begin with."""
    return [
        _pair(env, play, number, turn, tokenizer, seed, generator, annotator, think)
        for play in plays
        for number, turn in enumerate(play.turns)
    ]


def random_actions(seed: int) -> Annotator:
    """The ablation "random actions": a coin for each state, that falls the same way every time."""

    def annotate(task: Task, turns: Sequence[Turn]) -> Action:
        return Action.CLARIFY if seed_of(seed, "action", task.id, len(turns)) % 2 else Action.ANSWER

    return annotate


def _pair(
    env: ClarifyEnv,
    play: GoldPlay,
    number: int,
    turn: GoldTurn,
    tokenizer: Any,
    seed: int,
    generator: Generator,
    annotator: Annotator | None,
    think: Think | None,
) -> Pair:
    task = play.task
    env.restore(turn.state)
    turns = env.episode.turns
    action = turn.action if annotator is None else annotator(task, turns)
    intention = env.intention
    answer = Trajectory.of(tokenizer, [_straight(env)], prompt=turn.prompt, think=think)
    if turn.action is Action.CLARIFY:
        clarify = turn.gold
    else:
        question = generator(task, turns, seed_of(seed, "M", task.id, number))
        asked = _needless(env, turn, task, question)
        clarify = Trajectory.of(tokenizer, [*asked, _straight(env)], prompt=turn.prompt, think=think)
    if action is Action.CLARIFY:
        chosen, rejected = clarify, answer
    else:
        chosen, rejected = answer, clarify.first_reply()
    return Pair(
        id=f"{task.id}/{number}",
        task_id=task.id,
        intention=intention,
        state=turn.state,
        prompt=turn.prompt,
        action=action,
        chosen=chosen,
        rejected=rejected,
        by_gold=annotator is None,
    )


def _needless(env: ClarifyEnv, turn: GoldTurn, task: Task, question: str) -> tuple[Turn, Turn]:
    """The question on a turn that needs none, and the user's reply to it."""
    env.restore(turn.state)
    env.step(question)
    *_, asked, reply = env.episode.turns
    if asked.role != ASSISTANT or asked.action is not Action.CLARIFY:
        raise NotAQuestion(f"the generator's text for task {task.id!r} is no clarifying question: {question!r}")
    return asked, reply


def _straight(env: ClarifyEnv) -> Turn:
    """The answer that the user means now."""
    return Turn(ASSISTANT, env.task.reading(env.intention).answer, Action.ANSWER)
