from __future__ import annotations

import pytest

from act_env.tasks import TaskSource
from tests.support import tiny_source


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TaskSource:
    """The tiny corpus of ``tests.support``, built once."""
    return tiny_source(tmp_path_factory.mktemp("tiny"))
