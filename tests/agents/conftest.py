"""What the tests of learning share; torch is imported where a test asks for it."""

from __future__ import annotations

import pytest

from tests.support import tiny_source


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return tiny_source(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="module")
def env(source):
    from agents.conversations import open_env

    return open_env(source)


@pytest.fixture(scope="module")
def tokenizer(source):
    from tests.support_model import tiny_tokenizer

    texts = [task.context for task in source.tasks] + [r.answer for task in source.tasks for r in task.readings]
    return tiny_tokenizer(texts, vocabulary=700)


@pytest.fixture
def one_thread():
    """Exactly equal sums need one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
