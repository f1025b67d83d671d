"""What an optional extra of the distribution installs, and the error of whoever wants it without."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator


@contextlib.contextmanager
def needed(wanted: str, extra: str, packages: Collection[str], missing: type[ImportError]) -> Iterator[None]:
    """Turns a missing one of an extra's ``packages`` into an error of the type ``missing`` that says what wanted it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in packages:
            raise
        raise missing(f"{wanted} needs the package {error.name!r}: pip install 'act-clarify[{extra}]'") from error
