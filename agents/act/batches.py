"""Preference pairs as tensors, and their log-probabilities.

A batch of B pairs is (2B, L): all chosen rows, then all rejected ones, as TRL's preference losses take
them. Prompts are padded on the left and completions on the right, so that every completion begins at
the same column. ``completion_mask`` is 1 on the agent's own tokens alone: the simulated user's, which
stand between two replies, are read and never scored.

``Scorer`` runs chosen and rejected as one row with one prompt: the rejected tokens do not see the
chosen ones and their positions start again after the prompt. That halves the work of a step, where
prompts are long and completions short.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from agents.act.rollouts import Rollout

TENSORS = ("input_ids", "attention_mask", "completion_mask")


def batch_of(rollouts: Sequence[Rollout], pad: int, device: torch.device | str) -> dict[str, Any]:
    """The tensors of rollouts that are to be trained on, with ``prompt_width``, the completions' column.

    Raises ValueError for a completion in which the agent wrote nothing: its loss would silently be a
    constant.
    """
    for rollout in rollouts:
        for side, trajectory in (("chosen", rollout.chosen), ("rejected", rollout.rejected)):
            if not any(trajectory.own):
                raise ValueError(f"pair {rollout.pair.id!r}: the {side} completion has no token of the agent's")
    prompts = [rollout.pair.prompt for rollout in rollouts] * 2
    completions = [rollout.chosen for rollout in rollouts] + [rollout.rejected for rollout in rollouts]
    before = max(map(len, prompts), default=0)
    after = max((len(completion.ids) for completion in completions), default=0)
    ids = torch.full((len(prompts), before + after), pad, dtype=torch.long)
    present = torch.zeros_like(ids)
    own = torch.zeros_like(ids)
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        start, end = before - len(prompt), before + len(completion.ids)
        ids[row, start:end] = torch.tensor([*prompt, *completion.ids])
        present[row, start:end] = 1
        own[row, before:end] = torch.tensor(completion.own, dtype=torch.long)
    tensors = dict(zip(TENSORS, (ids, present, own), strict=True))
    return {**{name: tensor.to(device) for name, tensor in tensors.items()}, "prompt_width": before}


@dataclasses.dataclass(frozen=True)
class Scores:
    """What TRL's loss reads of a forward: each (2B, L − 1), zero where no token is scored."""

    log_probs: torch.Tensor
    entropy: torch.Tensor
    mean_logits: torch.Tensor
    is_top1: torch.Tensor


class Scorer:
    """Stands in for a model in TRL's preference loss: called with a batch and its labels, it gives Scores.

    ``share_prompt`` needs attention that takes a mask for each row (sdpa) and no sliding window; for
    other models, or where it is False, the 2B rows are run as they are.
    """

    def __init__(self, model: Any, *, share_prompt: bool = True) -> None:
        self.model = model
        self.share = share_prompt and shares_prompts(model)
        self.log_probs: torch.Tensor | None = None
        """The last call's log-probabilities, with their gradient."""

    def __call__(
        self,
        *,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor,
        prompt_width: int,
        **_: Any,
    ) -> Scores:
        run = self._shared if self.share else self._separate
        logits = run(input_ids, attention_mask, prompt_width)
        labels = labels[:, prompt_width:]
        scored = labels != -100
        log_probs = torch.log_softmax(logits.float(), -1)
        of_labels = log_probs.gather(-1, labels.clamp(min=0)[..., None]).squeeze(-1).masked_fill(~scored, 0.0)
        with torch.no_grad():
            entropy = -(log_probs.exp() * log_probs).sum(-1).masked_fill(~scored, 0.0)
            mean_logits = logits.float().mean(-1).masked_fill(~scored, 0.0)
            is_top1 = (logits.argmax(-1) == labels) & scored
        before = (prompt_width - 1, 0)
        self.log_probs = F.pad(of_labels, before)
        return Scores(self.log_probs, F.pad(entropy, before), F.pad(mean_logits, before), F.pad(is_top1, before))

    def _separate(self, ids: torch.Tensor, present: torch.Tensor, width: int) -> torch.Tensor:
        after = ids.shape[1] - width
        positions = (present.cumsum(1) - 1).clamp(min=0)
        output = self.model(
            input_ids=ids,
            attention_mask=present,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=after + 1,
        )
        return output.logits[:, :-1]

    def _shared(self, ids: torch.Tensor, present: torch.Tensor, width: int) -> torch.Tensor:
        """(2B, C, vocabulary) logits for the C completion columns, from B rows [prompt, chosen, rejected]."""
        pairs, after = ids.shape[0] // 2, ids.shape[1] - width
        row = torch.cat([ids[:pairs], ids[pairs:, width:]], dim=1)
        held = torch.cat([present[:pairs], present[pairs:, width:]], dim=1).bool()
        total = row.shape[1]
        sees = torch.ones(total, total, dtype=torch.bool, device=ids.device).tril()
        sees[width + after :, width : width + after] = False
        # A padded position sees itself: attention over nothing has no value.
        mask = (sees & held[:, None, :]) | torch.eye(total, dtype=torch.bool, device=ids.device)
        before = present[:pairs, :width].sum(1, keepdim=True)
        of_prompt = (present[:pairs, :width].cumsum(1) - 1).clamp(min=0)
        of_branch = before + torch.arange(after, device=ids.device)
        positions = torch.cat([of_prompt, of_branch, of_branch], dim=1)
        logits = self.model(
            input_ids=row,
            attention_mask=mask[:, None],
            position_ids=positions,
            use_cache=False,
            logits_to_keep=total - width + 1,
        ).logits
        # Column 0 is the prompt's last token, which predicts the first token of both branches.
        chosen = logits[:, :after]
        rejected = torch.cat([logits[:, :1], logits[:, after + 1 : -1]], dim=1)
        return torch.cat([chosen, rejected])


def shares_prompts(model: Any) -> bool:
    """Whether the model's attention takes the mask that one row of two branches needs."""
    config = model.config.get_text_config()
    full = all(kind == "full_attention" for kind in getattr(config, "layer_types", None) or ())
    return config._attn_implementation == "sdpa" and full and not getattr(config, "sliding_window", None)
