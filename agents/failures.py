"""Episodes that ended because the agent, or the simulated user, gave no text: how that is recorded and read back.

The outcome's error is ``agent_error: TypeName: message``, or ``user_error: …``. After the first colon stands
``transient:`` where the failure says nothing about the episode (a server that was down): such an episode is played
again when its run is resumed. A user's failure is not the agent's: its episodes are in no figure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from act_env.conversation import ASSISTANT, Action, Behaviour, Episode, Outcome, Turn

AGENT_ERROR, USER_ERROR = "agent_error", "user_error"
_TRANSIENT = "transient: "

Cost = tuple[int | None, float]
"""What a reply took: its tokens where known, and seconds."""


def broke_off(episode: Episode, *kinds: str) -> bool:
    """Whether an episode ended by a failure of one of these kinds (default: of either)."""
    return _kind(episode) in (kinds or (AGENT_ERROR, USER_ERROR))


def comes_again(episode: Episode) -> bool:
    """Whether an episode is to be played again."""
    return broke_off(episode) and episode.outcome.error.partition(": ")[2].startswith(_TRANSIENT)


def _kind(episode: Episode) -> str:
    return "" if episode.outcome is None else (episode.outcome.error or "").partition(":")[0]


def failed(
    episode: Episode, kind: str, error: Exception, costs: Sequence[Cost], question: str | None = None
) -> Episode:
    """An episode that ended by a failure, without a match: the agent's is one wrong action; where the user failed, the
    agent's last turn is the ``question`` that got no reply."""
    transient = _TRANSIENT if getattr(error, "transient", False) else ""
    text = f"{kind}: {transient}{type(error).__name__}: {error}"[:500]
    asked = question is not None
    episode = with_costs(episode, costs[:-1] if asked else costs)
    said = [turn for turn in episode.turns if turn.role == ASSISTANT]
    given = said[len(said) - len(costs) + asked :]
    outcome = Outcome(
        actions_right=(*(turn.right is True for turn in given), *([] if asked else [False])),
        behaviour=Behaviour.UNFINISHED,
        match=0.0,
        score=0.0,
        questions=sum(turn.action is Action.CLARIFY for turn in given) + asked,
        error=text,
    )
    if asked:
        tokens, seconds = costs[-1]
        last = Turn(ASSISTANT, question, Action.CLARIFY, error=text, tokens=tokens, seconds=round(seconds, 6))
    else:
        last = Turn(ASSISTANT, "", right=False, error=text)
    return dataclasses.replace(episode, turns=(*episode.turns, last), outcome=outcome)


def with_costs(episode: Episode, costs: Sequence[Cost]) -> Episode:
    """The episode with tokens and seconds in the last assistant turns, one for each reply given."""
    turns, left = list(episode.turns), list(costs)
    for i in range(len(turns) - 1, -1, -1):
        if left and turns[i].role == ASSISTANT:
            tokens, seconds = left.pop()
            turns[i] = dataclasses.replace(turns[i], tokens=tokens, seconds=round(seconds, 6))
    return dataclasses.replace(episode, turns=tuple(turns))
