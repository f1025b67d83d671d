"""Every statement of ``fixtures/sql/hostile.sql`` gets its typed error and leaves the database as it was."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from act_env.errors import SandboxError
from act_env.sql import process
from act_env.sql.content import database_hash
from act_env.sql.sandbox import Sandbox

TEXT = (Path(__file__).parents[1] / "fixtures/sql/hostile.sql").read_text(encoding="utf-8")
CASES = [
    (kind, re.sub(r"\n+-- ## .*", "", sql).strip())
    for kind, sql in re.findall(r"^-- expect: (\w+)\n(.*?)(?=\n-- expect:|\Z)", TEXT, re.DOTALL | re.MULTILINE)
]
LIMITS = {
    "time_limit": "0.3 seconds",
    "memory_limit": "64 MB",
    "row_limit": "1,000 rows",
    "byte_limit": "50,000 bytes",
}


@pytest.fixture(scope="module")
def untouched(database: Path) -> str:
    return database_hash(database)


@pytest.mark.parametrize(("kind", "sql"), CASES, ids=[f"{kind}-{sql[:40]!r}" for kind, sql in CASES])
def test_refused(sandbox: Sandbox, hasty: Sandbox, kind: str, sql: str) -> None:
    sandbox = hasty if kind == "time_limit" else sandbox
    start = time.monotonic()
    with pytest.raises(SandboxError) as caught:
        sandbox.execute(sql)
    assert caught.value.kind == kind, str(caught.value)
    assert LIMITS.get(kind, "") in str(caught.value)
    assert str(sandbox.path.parent) not in str(caught.value)
    assert time.monotonic() - start < sandbox.limits.seconds + process.GRACE + 3.0


def test_nothing_has_changed(sandbox: Sandbox, database: Path, untouched: str) -> None:
    # Beside the errors: after all of them the content is as before, and the sandbox still answers.
    assert database_hash(database) == untouched
    assert sandbox.execute("SELECT count(*) FROM store").rows == ((4,),)
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_there_are_enough_and_of_every_kind() -> None:
    kinds = {kind for kind, _ in CASES}
    assert len(CASES) >= 60
    assert kinds >= {"parse", "several_statements", "forbidden", "execution", *LIMITS}
