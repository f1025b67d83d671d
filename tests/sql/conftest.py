from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from act_env.sql.sandbox import Limits, Sandbox

SCHEMA = """
    CREATE TABLE store (store_id INTEGER PRIMARY KEY, name TEXT, opened_on DATE, floor_area DOUBLE);
    INSERT INTO store VALUES
        (1, 'Café £', '2011-02-01', 120.5), (2, 'Dock', '2015-06-09', 80), (3, 'Élan', NULL, 80),
        (4, '漢堡', '2020-03-15', 40);
    CREATE TABLE sale (store_id INTEGER REFERENCES store, amount DECIMAL(10, 2));
    INSERT INTO sale SELECT 1 + range % 4, range / 3 FROM range(40);
    CREATE SEQUENCE counter;
    CREATE VIEW open_stores AS SELECT name FROM store WHERE opened_on IS NOT NULL;
    CREATE MACRO doubled(x) AS x * 2;
    CREATE MACRO spy() AS current_setting('temp_directory');
    CREATE VIEW peek AS SELECT * FROM duckdb_databases();
"""


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sql") / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
    return path


@pytest.fixture(scope="session")
def sandbox(database: Path) -> Iterator[Sandbox]:
    """One whose limits on size are reached soon."""
    with Sandbox(database, Limits(seconds=20, memory_mb=64, rows=1_000, bytes=50_000)) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def hasty(database: Path) -> Iterator[Sandbox]:
    """One whose limit on time is reached soon."""
    with Sandbox(database, Limits(seconds=0.3)) as sandbox:
        yield sandbox
