"""A small transformer as a probe: it can compare words across parts, which a bag of words cannot."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from act_env.conversation import Task
from envs_data.audit import probes

BUCKETS, WIDTH, LAYERS, HEADS = 4096, 64, 2, 4
EPOCHS, BATCH, RATE = 4, 32, 1e-3
MOST = 512
"""Words of a text; what is longer loses its beginning, so that the request, which comes last, stays."""
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]")


def ids(text: str) -> list[int]:
    """Each word's bucket, from 1; 0 is padding."""
    tokens = _TOKEN.findall(text.lower().replace("_", " "))[-MOST:]
    return [1 + zlib.crc32(token.encode()) % (BUCKETS - 1) for token in tokens]


def predictor(text: Callable[[Task], str]) -> Callable[[Sequence[Task], Sequence[Task]], np.ndarray]:
    def predict(known: Sequence[Task], unseen: Sequence[Task]) -> np.ndarray:
        import torch

        random_state = torch.random.get_rng_state()
        try:
            torch.manual_seed(0)
            model = _fitted([ids(text(task)) for task in known], probes.ambiguous(known))
            return _told(model, [ids(text(task)) for task in unseen])
        finally:
            torch.random.set_rng_state(random_state)

    return predict


def _net():
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(BUCKETS, WIDTH, padding_idx=0)
            self.places = nn.Embedding(MOST, WIDTH)
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, 0.1, batch_first=True, norm_first=True)
            self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
            self.head = nn.Linear(WIDTH, 1)

        def forward(self, rows):
            empty = rows == 0
            states = self.words(rows) + self.places(torch.arange(rows.shape[1]))
            states = self.layers(states, src_key_padding_mask=empty).masked_fill(empty[..., None], 0)
            return self.head(states.sum(1) / (~empty).sum(1, keepdim=True)).squeeze(1)

    return Net()


def _batches(texts: Sequence[Sequence[int]], order: np.ndarray):
    """Padded batches of texts of like length, as (indices, tensor)."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield chosen, pad_sequence([torch.tensor(texts[i] or [1]) for i in chosen], batch_first=True)


def _fitted(texts: Sequence[Sequence[int]], labels: np.ndarray):
    import torch

    model = _net()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    draw = np.random.default_rng(0)
    lengths = np.array([len(text) for text in texts])
    for _ in range(EPOCHS):
        order = np.argsort(lengths + draw.uniform(0, 20, len(texts)))
        batches = list(_batches(texts, order))
        for number in draw.permutation(len(batches)):
            chosen, rows = batches[number]
            wanted = torch.tensor(labels[chosen], dtype=torch.float32)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(rows), wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model.eval()


def _told(model, texts: Sequence[Sequence[int]]) -> np.ndarray:
    import torch

    told = np.zeros(len(texts), dtype=bool)
    with torch.no_grad():
        for chosen, rows in _batches(texts, np.argsort([len(text) for text in texts])):
            told[chosen] = (model(rows) > 0).numpy()
    return told
