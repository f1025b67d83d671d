"""What a result is stamped with: versions, commit, machine, command."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.metadata
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

DISTRIBUTION = "act-clarify"
_ROOT = Path(__file__).resolve().parent.parent


@functools.cache
def version() -> str:
    """The installed distribution's version; "clone" where it runs from a folder that is not installed."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "clone"


@functools.cache
def git_commit() -> str | None:
    """The clone's commit, with ``+changes`` where files differ from it; None outside a clone."""
    git = shutil.which("git")
    if git is None or not (_ROOT / ".git").exists():
        return None

    def run(*arguments: str) -> str | None:
        done = subprocess.run(
            [git, "-C", str(_ROOT), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None

    commit = run("rev-parse", "HEAD")
    return None if commit is None else commit + ("+changes" if run("status", "--porcelain") else "")


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def stamp(device: Any = None) -> dict[str, Any]:
    """The stamp of a run that starts now; ``seconds`` is added when it ends."""
    return {
        "version": version(),
        "git_commit": git_commit(),
        "device": "cpu" if device is None else str(device),
        "cpu": cpu(),
        "python": platform.python_version(),
        "command": shlex.join(sys.argv),
        "started": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
