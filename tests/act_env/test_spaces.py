"""The space of any text."""

from __future__ import annotations

import json
import pickle

import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, create_empty_array, create_shared_memory
from hypothesis import given
from hypothesis import strategies as st

from act_env.errors import SharedMemoryUnsupported
from act_env.spaces import AnyText


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_every_text_up_to_the_length_is_in_it(text):
    assert text in AnyText(50)
    assert text + "x" * 51 not in AnyText(50)


def test_what_is_no_text_is_not_in_it():
    assert all(other not in AnyText(9) for other in (None, b"x", 3, ["x"]))


def test_samples_are_short_printable_and_seeded():
    one, other = AnyText(4096, seed=3), AnyText(4096, seed=3)
    samples = [one.sample() for _ in range(50)]
    assert samples == [other.sample() for _ in range(50)]
    assert all(sample.isprintable() and len(sample) <= 40 and sample in one for sample in samples)
    assert len(set(samples)) > 40
    assert json.loads(json.dumps(one.to_jsonable(samples))) == samples
    assert all(len(AnyText(2, seed=1).sample()) <= 2 for _ in range(10))


def test_equality_copies_and_batches():
    space = AnyText(10, seed=1)
    assert space == AnyText(10) != AnyText(11)
    assert space != spaces.Text(10) and spaces.Text(10) != space
    copied = pickle.loads(pickle.dumps(space))
    assert copied == space and copied.sample() == space.sample()
    assert batch_space(space, 3) == spaces.Tuple([AnyText(10)] * 3)
    assert create_empty_array(space, 2) == ("", "")
    assert repr(space) == "AnyText(10)"


def test_shared_memory_is_refused():
    with pytest.raises(SharedMemoryUnsupported, match="shared_memory=False"):
        create_shared_memory(spaces.Dict({"text": AnyText(10)}), n=2)
