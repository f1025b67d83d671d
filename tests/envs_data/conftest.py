"""What the tests of Spider's two parts share: each module makes a ``root`` in Spider's layout."""

from __future__ import annotations

import pytest

from envs_data import spider
from envs_data.spider import layout, schema


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One cache for the module, so that nothing lands in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("ACT_CLARIFY_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def museum(root, cache) -> schema.Database:
    return schema.load(layout.read_layout(root), "museum")


@pytest.fixture(scope="module")
def source(root, cache):
    return spider.load(split="test", path=root)
