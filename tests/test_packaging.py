"""What the wheel must hold: every file beside the code is named by setup.cfg's package data."""

from __future__ import annotations

import configparser
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("act_env", "agents", "envs_data")


def _data_files():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                yield path


@pytest.mark.parametrize("path", list(_data_files()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_data_file_is_packaged(path: Path):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = config["options.package_data"]
    package = next(folder for folder in path.parents if (folder / "__init__.py").is_file())
    name = ".".join(package.relative_to(ROOT).parts)
    wanted = f"{patterns['*']}, {patterns.get(name, '')}"
    inside = path.relative_to(package).as_posix()
    assert any(
        fnmatch(inside, pattern.strip()) and inside.count("/") == pattern.count("/") for pattern in wanted.split(",")
    ), f"{inside} of {name} is in no pattern of setup.cfg's [options.package_data]"
