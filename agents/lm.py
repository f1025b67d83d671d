"""A local language model as an agent, and the batched generation that it and the rollouts share.

``generate`` works on token ids and gives the sampled ids back, so that training scores what was
sampled and not what its text would be encoded to. Sampling draws one number a token from a
generator of its own for every row, keyed by the row's seed: a reply does not depend on which other
prompts share its batch, and no random state but its own is touched.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from agents import models, prompts
from agents.base import Observation, Reply

SHARED = 48
"""Prompts of a batch that begin alike for at least so many tokens have their beginning computed once."""


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How replies are drawn. Temperature 0 is greedy; ``top_p`` below 1 keeps the most probable tokens
    that together reach it. Nothing else (top-k, penalties) is ever applied."""

    max_new_tokens: int = 96
    temperature: float = 0.0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens is {self.max_new_tokens}: it must be at least 1")
        if not self.temperature >= 0:
            raise ValueError(f"temperature is {self.temperature}: it must be 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}: it must be above 0 and at most 1")


@dataclasses.dataclass(frozen=True)
class Completion:
    """A generated reply. ``ids`` hold all that was sampled, the token that ended it (``ended``) and a thought
    before it included; ``text`` is what the user is told."""

    ids: tuple[int, ...]
    text: str
    ended: bool


def seed_of(*parts: Any) -> int:
    """A 63-bit seed that depends on every part's text alone, and so not on the process or machine."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@torch.no_grad()
def generate(
    model: Any,
    tokenizer: Any,
    prompt_ids: Sequence[Sequence[int]],
    sampling: Sampling,
    *,
    seeds: Sequence[int] | None = None,
    batch_size: int = 64,
    stop: frozenset[int] | None = None,
) -> list[Completion]:
    """One reply for each prompt, in their order; the model's mode is left as it is found.

    ``seeds`` (one a prompt) are needed where the temperature is not 0. ``stop`` are the tokens at which a row
    is complete (default: those that end a reply). What the prompts of a batch begin with in common is computed
    once. Raises PromptTooLong before anything is generated.
    """
    if sampling.temperature > 0 and (seeds is None or len(seeds) != len(prompt_ids)):
        raise ValueError(f"sampling at temperature {sampling.temperature} needs one seed for each prompt")
    space = models.room(model, tokenizer) - sampling.max_new_tokens
    for ids in prompt_ids:
        if not ids or len(ids) > space:
            raise prompts.PromptTooLong(len(ids), space)
    stop = prompts.stop_ids(tokenizer) if stop is None else stop
    was_training = model.training
    model.eval()
    try:
        sampled: list[list[int]] = [[] for _ in prompt_ids]
        for rows in _batches(prompt_ids, batch_size):
            numbers = _numbers([seeds[row] for row in rows], sampling) if sampling.temperature > 0 and seeds else None
            replies = _generate_batch(model, tokenizer, [prompt_ids[row] for row in rows], sampling, numbers, stop)
            for row, ids in zip(rows, replies, strict=True):
                sampled[row] = ids
    finally:
        model.train(was_training)
    thought_end = prompts.thought_end(tokenizer)
    return [_completion(tokenizer, ids, stop, thought_end) for ids in sampled]


def _completion(tokenizer: Any, ids: list[int], stop: frozenset[int], thought_end: int | None) -> Completion:
    ended = bool(ids) and ids[-1] in stop
    told = ids[:-1] if ended else ids
    if thought_end in told:
        told = told[told.index(thought_end) + 1 :]
    return Completion(tuple(ids), tokenizer.decode(told, skip_special_tokens=True), ended)


class Thinker:
    """What a model notes down before a reply, greedily: called with prompts, it gives the ids of a thought and
    its end for each. Nothing for a model that does not think first, and no thought where one does not end
    within ``most`` tokens.

    Gold replies hold no thoughts. Those of the model that training begins with are put before them.
    """

    def __init__(self, model: Any, tokenizer: Any, most: int = 48) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.end = prompts.thought_end(tokenizer)
        self._stop = prompts.stop_ids(tokenizer) | {self.end}
        self._sampling = Sampling(most)
        self._known: dict[tuple[int, ...], tuple[int, ...]] = {}

    def __call__(self, prompt_ids: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
        if self.end is None:
            return [()] * len(prompt_ids)
        rows = [tuple(ids) for ids in prompt_ids]
        new = [ids for ids in dict.fromkeys(rows) if ids not in self._known]
        for ids, found in zip(
            new, generate(self.model, self.tokenizer, new, self._sampling, stop=self._stop), strict=True
        ):
            self._known[ids] = found.ids if found.ids[-1] == self.end else (self.end,)
        return [self._known[ids] for ids in rows]


def _batches(prompt_ids: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Rows in batches: of one beginning (the same database) where that fills batches, each by length."""
    order = sorted(range(len(prompt_ids)), key=lambda row: (tuple(prompt_ids[row][:SHARED]), len(prompt_ids[row])))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _numbers(seeds: Sequence[int], sampling: Sampling) -> torch.Tensor:
    """(rows, max_new_tokens) numbers in [0, 1): each row's from its own seed."""
    draw = torch.Generator()
    return torch.stack(
        [torch.rand(sampling.max_new_tokens, generator=draw.manual_seed(seed), dtype=torch.float64) for seed in seeds]
    )


def _generate_batch(
    model: Any,
    tokenizer: Any,
    prompt_ids: Sequence[Sequence[int]],
    sampling: Sampling,
    numbers: torch.Tensor | None,
    stop: frozenset[int],
) -> list[list[int]]:
    device = model.device
    logits, cache, mask = _prefill(model, prompt_ids, tokenizer.pad_token_id)
    position = torch.tensor([len(ids) for ids in prompt_ids], device=device)
    rows = list(range(len(prompt_ids)))
    replies: list[list[int]] = [[] for _ in rows]
    for step in range(sampling.max_new_tokens):
        chosen = _pick(logits, sampling, None if numbers is None else numbers[rows, step].to(device))
        alive = []
        for place, token in enumerate(chosen.tolist()):
            replies[rows[place]].append(token)
            if token not in stop:
                alive.append(place)
        if not alive or step + 1 == sampling.max_new_tokens:
            break
        if len(alive) < len(rows):
            keep = torch.tensor(alive, device=device)
            rows = [rows[place] for place in alive]
            cache.batch_select_indices(keep)
            mask, chosen, position = mask[keep], chosen[keep], position[keep]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
        logits = model(
            input_ids=chosen[:, None],
            attention_mask=mask,
            position_ids=position[:, None],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        position = position + 1
    return replies


def _prefill(
    model: Any, prompt_ids: Sequence[Sequence[int]], pad: int
) -> tuple[torch.Tensor, DynamicCache, torch.Tensor]:
    """The logits after each prompt, (rows, vocabulary), with the cache and the mask of what it holds.

    The common beginning is computed once; what follows is padded on its left.
    """
    device, count = model.device, len(prompt_ids)
    shared = min(_common(prompt_ids), min(map(len, prompt_ids)) - 1) if count > 1 else 0
    shared = shared if shared >= SHARED else 0
    cache = _cache(model)
    if shared:
        start = torch.tensor([list(prompt_ids[0][:shared])], device=device)
        model(input_ids=start, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(count)
    rest = [list(ids[shared:]) for ids in prompt_ids]
    width = max(map(len, rest))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rest], device=device)
    own = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rest], device=device)
    mask = torch.cat([own.new_ones(count, shared), own], dim=1)
    positions = (shared + own.cumsum(1) - 1).clamp(min=0)
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return output.logits[:, -1], cache, mask


def _common(prompt_ids: Sequence[Sequence[int]]) -> int:
    """How many ids all prompts begin with: those that the first and last in order share."""
    first, last = min(map(tuple, prompt_ids)), max(map(tuple, prompt_ids))
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _pick(logits: torch.Tensor, sampling: Sampling, numbers: torch.Tensor | None) -> torch.Tensor:
    """The next token of each row: the most probable, or the one at which the cumulated probability
    passes the row's number."""
    if numbers is None:
        return logits.argmax(-1)
    probabilities = torch.softmax(logits.double() / sampling.temperature, -1)
    if sampling.top_p < 1:
        ordered, tokens = probabilities.sort(-1, descending=True)
        ordered = ordered.masked_fill(ordered.cumsum(-1) - ordered >= sampling.top_p, 0.0)
        probabilities = torch.zeros_like(probabilities).scatter(-1, tokens, ordered)
    total = probabilities.cumsum(-1)
    # The first token at which the sum exceeds the number: one of probability 0 is never it.
    place = torch.searchsorted(total, numbers[:, None] * total[:, -1:], right=True)
    return place.clamp(max=logits.shape[-1] - 1).squeeze(-1)


def _cache(model: Any) -> DynamicCache:
    cache = DynamicCache(config=model.config)
    cache.layers = [_Roomy() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


class _Roomy(DynamicLayer):
    """A cache layer with spare room, so that a step writes its one token instead of copying the whole:
    half the time of a decoding step on a CPU."""

    SPARE = 64

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[-2]
        if self.keys.numel() == 0 or end > self.keys.shape[-2]:
            self.keys = self._grown(self.keys, key_states, end + self.SPARE)
            self.values = self._grown(self.values, value_states, end + self.SPARE)
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def _grown(self, old: torch.Tensor, new: torch.Tensor, capacity: int) -> torch.Tensor:
        grown = new.new_zeros(*new.shape[:2], capacity, new.shape[-1])
        if self.length:
            grown[:, :, : self.length] = old[:, :, : self.length]
        return grown

    def get_seq_length(self) -> int:
        return self.length


class LMAgent:
    """A causal language model that replies to observations; greedy unless a temperature is given.

    ``act`` raises PromptTooLong for an observation that does not fit; ``fits`` tells beforehand.
    ``seed`` keys the sampling together with each observation's text, so the same agent replies the
    same to the same observation.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        max_new_tokens: int = 96,
        temperature: float = 0.0,
        top_p: float = 1.0,
        batch_size: int = 64,
        seed: int = 0,
        name: str = "language-model",
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.sampling = Sampling(max_new_tokens, temperature, top_p)
        self.batch_size, self.seed, self.name = batch_size, seed, name
        self.device = str(model.device)

    @classmethod
    def load(cls, model: str, *, device: str = "cpu", **settings: Any) -> LMAgent:
        """The agent of a model by its name (see ``agents.models``)."""
        weights, tokenizer = models.load(model, device=device)
        return cls(weights, tokenizer, **{"name": model, **settings})

    @property
    def facts(self) -> Mapping[str, Any]:
        return {**dataclasses.asdict(self.sampling), "seed": self.seed, "weights": fingerprint(self.model)}

    def fits(self, observation: Observation) -> bool:
        try:
            self._encode(observation)
        except prompts.PromptTooLong:
            return False
        return True

    def act(self, observations: Sequence[Observation]) -> list[str]:
        return [Reply(c.text, len(c.ids)) for c in self._generate(observations, self.sampling, 1)]

    def sample(self, observations: Sequence[Observation], n: int, temperature: float = 1.0) -> list[list[str]]:
        """``n`` replies drawn for each observation: what its uncertainty is told from."""
        sampling = dataclasses.replace(self.sampling, temperature=temperature)
        drawn = [Reply(c.text, len(c.ids)) for c in self._generate(observations, sampling, n)]
        return [list(drawn[i * n : (i + 1) * n]) for i in range(len(observations))]

    def _encode(self, observation: Observation) -> list[int]:
        space = models.room(self.model, self.tokenizer) - self.sampling.max_new_tokens
        return prompts.encode(self.tokenizer, observation, room=space)

    def _generate(self, observations: Sequence[Observation], sampling: Sampling, n: int) -> list[Completion]:
        encoded = [ids for observation in observations for ids in [self._encode(observation)] * n]
        seeds = [
            seed_of(self.seed, observation["context"], observation["dialogue"], draw)
            for observation in observations
            for draw in range(n)
        ]
        return generate(self.model, self.tokenizer, encoded, sampling, seeds=seeds, batch_size=self.batch_size)


def fingerprint(model: Any) -> str:
    """16 hex digits of the weights' sha256: two agents of one name and different weights differ by it."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
