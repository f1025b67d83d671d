"""One clear message where another distribution has put its own ``agents`` into the same folder.

openai-agents installs a module of the same name. Two packages that share one folder overwrite each
other's files, and what fails then is some import far away.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

OURS, THEIRS = "act-clarify", "openai-agents"


class AgentsClash(ImportError):
    """Two distributions have installed a package called ``agents`` into one folder."""


def check() -> None:
    """Raises AgentsClash where openai-agents shares this package's folder. Looks up one distribution,
    about a millisecond; the full map of distributions is read only for the message."""
    try:
        other = importlib.metadata.distribution(THEIRS)
    except importlib.metadata.PackageNotFoundError:
        return
    here = Path(__file__).resolve().parent
    if Path(str(other.locate_file("agents"))).resolve() != here:
        return
    owners = sorted(set(importlib.metadata.packages_distributions().get("agents", [THEIRS])) | {OURS})
    raise AgentsClash(
        f"the package 'agents' in {str(here.parent)!r} belongs to {' and '.join(owners)}: they overwrite each "
        f"other's files. Install {OURS} in an environment of its own, without {THEIRS}."
    )
