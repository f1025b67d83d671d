"""Bundles as tensors: one row holds a shared prefix and several branches that do not see each other.

Scoring eight requests under one context costs little more than scoring two alone. A row is laid out as
P prefix positions, then K branches of S positions, each padded on the right; ``attend`` is the matching
attention, registered with transformers under the name "bundle".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from transformers import AttentionInterface, PreTrainedTokenizerFast

from agents.nano.corpus import Bundle
from agents.prompts import thought_end

Row = tuple[list[int], list[list[int]], list[list[float]]]
THOUGHT_WEIGHT, REPLY_WEIGHT, USER_WEIGHT = 3.0, 1.0, 0.3
"""How much a token of a thought, which decides the reply, one of a reply and one of a user's message count in the
loss. What users say is learnt a little, so that the model can form sentences at all. Earlier replies count nothing:
their thoughts are gone."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """P, K, S as above; ``bias`` (B, 1, 1, P) is -inf on the prefix's padding, else 0."""

    prefix: int
    branches: int
    length: int
    bias: torch.Tensor


@dataclasses.dataclass(frozen=True)
class Batch:
    """``input_ids``, ``position_ids``, ``target`` and ``weight`` of shape (B, P + K S); ``target`` holds the next
    token of a branch (-100 elsewhere), and ``weight`` how much it counts."""

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor
    layout: Layout


def encode(tokenizer: PreTrainedTokenizerFast, bundle: Bundle) -> Row:
    """(prefix ids, ids of each branch, how much each of those ids counts)."""

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    user, assistant = tokenizer.convert_tokens_to_ids(["<user>", "<assistant>"])
    end, eos = thought_end(tokenizer), tokenizer.eos_token_id
    prefix = [tokenizer.convert_tokens_to_ids("<ctx>"), *ids(bundle.context)]
    branches, weights = [], []
    for example in bundle.examples:
        first, *more = ([user, *ids(text)] for text in example.messages)
        said = [assistant, *ids(example.said), eos] if example.said else []
        parts = [
            (first, USER_WEIGHT),
            (said, 0.0),
            *((message, USER_WEIGHT) for message in more),
            ([assistant], USER_WEIGHT),
            ([*ids(example.thought), end], THOUGHT_WEIGHT),
            ([*ids(example.reply), eos], REPLY_WEIGHT),
        ]
        branches.append([token for part, _ in parts for token in part])
        weights.append([weight for part, weight in parts for _ in part])
    return prefix, branches, weights


def _up(size: int, step: int) -> int:
    return -(-size // step) * step


def collate(rows: Sequence[Row], pad: int, branches_a_row: int) -> Batch:
    # Few distinct shapes: compiled code and the processor's kernels are kept per shape.
    p = _up(max(len(prefix) for prefix, _, _ in rows), 64)
    k = branches_a_row
    s = _up(max(len(ids) for _, branches, _ in rows for ids in branches), 12)
    shape = (len(rows), p + k * s)
    input_ids, positions = torch.full(shape, pad), torch.zeros(shape, dtype=torch.long)
    target, weight = torch.full(shape, -100), torch.ones(shape)
    bias = torch.zeros(len(rows), 1, 1, p)
    for i, (prefix, branches, weights) in enumerate(rows):
        n = len(prefix)
        input_ids[i, :n] = torch.tensor(prefix)
        positions[i, :p] = torch.arange(p)
        bias[i, ..., n:] = float("-inf")
        for number, (ids, counts) in enumerate(zip(branches, weights, strict=True)):
            at = p + number * s
            input_ids[i, at : at + len(ids)] = torch.tensor(ids)
            positions[i, at : at + s] = torch.arange(n, n + s)
            target[i, at : at + len(ids) - 1] = torch.tensor(ids[1:])
            weight[i, at : at + len(ids) - 1] = torch.tensor(counts[1:])
    return Batch(input_ids, positions, target, weight, Layout(p, k, s, bias))


def _softmax(scores: torch.Tensor, value_type: torch.dtype) -> torch.Tensor:
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(value_type)


def _causal(size: int, like: torch.Tensor) -> torch.Tensor:
    return torch.full((size, size), float("-inf"), dtype=like.dtype, device=like.device).triu(1)


def attend(module, query, key, value, attention_mask, scaling, layout: Layout, **_):
    """Attention over a laid-out row: prefix positions see the prefix, a branch sees the prefix and itself.

    ``query``, ``key``, ``value`` are (B, H, P + K S, D); returns ((B, P + K S, H, D), None).
    """
    p, k, s = layout.prefix, layout.branches, layout.length
    b, h, _, d = query.shape
    query = query * scaling
    key_p, value_p = key[:, :, :p], value[:, :, :p]
    scores = query @ key_p.transpose(-1, -2)
    prefix_scores = scores[:, :, :p] + _causal(p, scores)
    out_p = _softmax(prefix_scores, value.dtype) @ value_p
    to_prefix = (scores[:, :, p:] + layout.bias.to(scores.dtype)).view(b, h, k, s, p)
    query_b, key_b, value_b = (x[:, :, p:].reshape(b, h, k, s, d) for x in (query, key, value))
    to_self = query_b @ key_b.transpose(-1, -2) + _causal(s, scores)
    weights = _softmax(torch.cat((to_prefix, to_self), dim=-1), value.dtype)
    from_prefix = (weights[..., :p].reshape(b, h, k * s, p) @ value_p).view(b, h, k, s, d)
    out_b = (from_prefix + weights[..., p:] @ value_b).reshape(b, h, k * s, d)
    return torch.cat((out_p, out_b), dim=2).transpose(1, 2), None


AttentionInterface.register("bundle", attend)
