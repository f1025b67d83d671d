"""Ids, dotted loaders and their errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest

import act_env
from act_env.errors import LoaderNotFound
from act_env.registration import AMBIGSQL, LOADERS, register_ids, resolve


def test_sources_are_loaded_once_per_process(tmp_path):
    where = {"source": "tests.support:load", "path": tmp_path}
    first = act_env.load_source(AMBIGSQL, **where)
    assert act_env.load_source(f"act_env:{AMBIGSQL}", **where | {"path": str(tmp_path)}) is first
    assert act_env.task_ids(AMBIGSQL, split="test", **where) == tuple(task.id for task in first.tasks)
    assert gym.make(AMBIGSQL, **where).unwrapped.source is first


def test_unknown_names_say_what_there_is():
    with pytest.raises(ValueError, match=AMBIGSQL):
        act_env.load_source("ActClarify-Nothing-v0")
    with pytest.raises(ValueError, match="bundled, spider"):
        act_env.load_source(AMBIGSQL, source="spidr")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package.module:load", "'no_such_package' is not installed"),
        ("act_env.no_such_module:load", "'act_env.no_such_module' is not installed"),
        ("act_env.tasks:no_such_name", "has no 'no_such_name'"),
        ("act_env.tasks", "form 'module:attribute'"),
        (":load", "form 'module:attribute'"),
    ],
)
def test_a_loader_that_is_not_there_is_one_clear_error(name, message):
    with pytest.raises(LoaderNotFound, match=message):
        resolve(name)


def test_a_loaders_own_missing_import_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "needy_loader.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there") as caught:
        resolve("needy_loader:load")
    assert not isinstance(caught.value, LoaderNotFound)


def _nothing(*, split, path=None):
    return ["no source"]


def test_what_a_loader_returns_is_checked():
    with pytest.raises(TypeError, match="list"):
        act_env.load_source(AMBIGSQL, source="tests.act_env.test_registration:_nothing")


def test_registering_twice_is_quiet(recwarn):
    register_ids()
    assert not recwarn.list and set(LOADERS) <= set(gym.registry)


def test_nothing_of_the_data_package_is_imported_by_importing_this_one():
    found = "[name for name in sys.modules if name.split('.')[0] in ('envs_data', 'agents')]"
    code = f"import sys, act_env, act_env.env; print({found})"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root).stdout.strip() == "[]"
