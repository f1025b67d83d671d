from __future__ import annotations

import pytest
from hypothesis import settings

from act_env.tasks import TaskSource
from tests.support import tiny_source

# How long an example takes depends on what else the machine does; tests assert no time.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TaskSource:
    """The tiny corpus of ``tests.support``, built once."""
    return tiny_source(tmp_path_factory.mktemp("tiny"))
