"""Teaching a model on a few conversations: supervised tuning, ACT, and supervised tuning continued.

What the command line, the demo and the benchmarks share: the same conversations, settings and folders.
Each method has its own folder, where it is resumed, and where it is not done twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import act_env
from act_env.conversation import Task
from act_env.tasks import TaskSource
from agents.charts import Curve, Series, moving_average
from agents.progress import Bars

if TYPE_CHECKING:
    from agents.training import Trained

SFT, CONTINUED, ACT = "SFT", "SFT continued", "ACT"
SETTINGS = {
    SFT: {"learning_rate": 5e-4, "num_train_epochs": 8, "adam_epsilon": 1e-4},
    ACT: {"learning_rate": 5e-5, "num_train_epochs": 3, "beta": 1.0, "nll_weight": 0.5, "adam_epsilon": 1e-5},
    CONTINUED: {"learning_rate": 5e-5, "adam_epsilon": 1e-4},
}
"""For nano at 50 conversations, chosen on the dev split; docs/results.md says how, and why beta is large."""
FOLDERS = {SFT: "sft", CONTINUED: "sft-continued", ACT: "act"}


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What is taught: which conversations of which source, to which model, by which settings.

    ``sft``, ``act`` and ``continued`` are settings of ``SFTConfig`` and ``ACTConfig`` that differ from
    ``SETTINGS``; ``continued`` is for supervised tuning continued.
    """

    env_id: str = "ActClarify-AmbigSQL-v0"
    source: str = "bundled"
    path: str | None = None
    split: str = "train"
    conversations: int = 50
    seed: int = 0
    model: str = "nano"
    sft: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    act: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    continued: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def load(self) -> tuple[TaskSource, tuple[Task, ...]]:
        """The source and the conversations drawn from it by the seed."""
        from agents.conversations import conversations

        source = act_env.load_source(self.env_id, split=self.split, source=self.source, path=self.path)
        return source, conversations(source, self.conversations, self.seed)


def tune(lesson: Lesson, folder: Path, bars: Bars) -> Trained:
    """Supervised tuning of the lesson's model."""
    from agents import models

    source, drawn = lesson.load()
    model, tokenizer = models.load(lesson.model)
    from agents.sft import SFTConfig, train_sft

    config = SFTConfig(seed=lesson.seed, **{**SETTINGS[SFT], **lesson.sft})
    with bars.stage(f"{SFT}, {len(drawn)} conversations") as stage:
        return train_sft(model, tokenizer, source, drawn, config, folder / FOLDERS[SFT], progress=stage)


def contrast(lesson: Lesson, start: str | Path, folder: Path, bars: Bars) -> Trained:
    """ACT from a tuned model, on the lesson's conversations."""
    from agents import models

    source, drawn = lesson.load()
    model, tokenizer = models.load(start)
    from agents.act.trainer import ACTConfig, train_act

    config = ACTConfig(seed=lesson.seed, **{**SETTINGS[ACT], **lesson.act})
    with bars.stage(f"{ACT}, the same {len(drawn)} conversations") as stage:
        return train_act(model, tokenizer, source, drawn, config, folder / FOLDERS[ACT], progress=stage)


def tune_on(lesson: Lesson, start: str | Path, tokens: int, folder: Path, bars: Bars) -> Trained:
    """Supervised tuning continued from a tuned model, for as many tokens as another method took."""
    from agents import models

    source, drawn = lesson.load()
    model, tokenizer = models.load(start)
    from agents.sft import SFTConfig, train_sft

    config = SFTConfig(seed=lesson.seed, token_budget=tokens, **{**SETTINGS[CONTINUED], **lesson.continued})
    with bars.stage(f"{CONTINUED}, {tokens:,} tokens as ACT took") as stage:
        return train_sft(model, tokenizer, source, drawn, config, folder / FOLDERS[CONTINUED], progress=stage)


_FAMILIES: Sequence[tuple[str, str, Sequence[tuple[str, str]]]] = (
    ("loss", "loss", (("loss", "loss"),)),
    (
        "what was sampled",
        "pairs of a step",
        (("scenario/A", "A, wrong action"), ("scenario/B1", "B1, fails"), ("scenario/B2", "B2, succeeds")),
    ),
    ("first replies that ask", "share", (("ask_rate_clarify", "where to ask"), ("ask_rate_answer", "where to answer"))),
    ("outcome of what was played out", "share", (("outcome", "full reward"),)),
    ("reward margin", "chosen − rejected", (("rewards/margins", "margin"),)),
)


def curves(histories: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Curve]:
    """Learning curves of histories (``Trained.history``) by method: those families of figures that a
    history holds, smoothed over a tenth of its steps."""
    found = []
    for name, history in histories.items():
        records = list(history)
        window = max(1, len(records) // 10)
        for title, y_label, keys in _FAMILIES:
            series = tuple(
                Series(label, moving_average(points, window))
                for key, label in keys
                if (points := [(float(r["step"]), float(r[key])) for r in records if r.get(key) is not None])
            )
            if series:
                found.append(Curve(f"{name}: {title}", "update step", y_label, series))
    return found
