"""The space of any text."""

from __future__ import annotations

import string
from typing import Any

from gymnasium import spaces
from gymnasium.vector.utils import create_shared_memory

from act_env.errors import SharedMemoryUnsupported

_SAMPLED = string.ascii_letters + string.digits + " .,;:!?'()=*<>£’é漢"
_SAMPLE_LENGTH = 40


class AnyText(spaces.Text):
    """Every Unicode string of at most ``max_length`` characters, "" and lone surrogates included.

    ``sample()`` stays printable and at most 40 characters long, so that a sampled action can be read
    in a log; ``mask`` and ``probability`` are those of ``gymnasium.spaces.Text``.
    """

    def __init__(self, max_length: int, *, seed: Any = None) -> None:
        super().__init__(max_length, min_length=0, charset=_SAMPLED, seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        length = int(self.np_random.integers(min(self.max_length, _SAMPLE_LENGTH) + 1))
        return "".join(_SAMPLED[i] for i in self.np_random.integers(len(_SAMPLED), size=length))

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def __repr__(self) -> str:
        return f"AnyText({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyText) and self.max_length == other.max_length

    __hash__ = None  # type: ignore[assignment]

    @property
    def is_np_flattenable(self) -> bool:
        return False


@create_shared_memory.register(AnyText)
def _refuse(space: AnyText, n: int = 1, ctx: Any = None) -> None:
    """Text's own shared memory holds only the characters of its charset and would return wrong text."""
    raise SharedMemoryUnsupported(
        "observations are text of any length and do not fit shared memory; pass shared_memory=False to "
        "AsyncVectorEnv, or vector_kwargs={'shared_memory': False} to gymnasium.make_vec"
    )
