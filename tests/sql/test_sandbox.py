from __future__ import annotations

import copy
import datetime as dt
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import act_env
from act_env.errors import (
    DataNotFound,
    ExecutionError,
    MalformedRecord,
    ParseError,
    TimeLimit,
    WorkerCrashed,
)
from act_env.sql import process
from act_env.sql import sandbox as sandboxes
from act_env.sql.content import database_hash
from act_env.sql.sandbox import Limits, Sandbox, shared


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM store",
        "WITH s AS (SELECT * FROM store) SELECT count(*) FROM s",
        "FROM store SELECT name WHERE floor_area > 50",
        "TABLE store",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT name FROM store UNION SELECT 'x' EXCEPT SELECT 'Dock' ORDER BY 1 LIMIT 3 OFFSET 1",
        "SELECT s.name, sum(amount) FROM store AS s JOIN sale USING (store_id) GROUP BY ALL HAVING sum(amount) > 0",
        "SELECT name, rank() OVER (PARTITION BY floor_area ORDER BY name) FROM store QUALIFY row_number() OVER () < 9",
        "SELECT DISTINCT ON (floor_area) name FROM store ORDER BY floor_area DESC NULLS LAST, name COLLATE NOCASE",
        "SELECT name FROM store WHERE store_id IN (FROM range(9)) AND EXISTS (FROM sale) AND name LIKE '%o%'",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "PIVOT sale ON store_id IN (1, 2) USING sum(amount)",
        "SELECT * FROM sale PIVOT (sum(amount) FOR store_id IN (1, 2))",
        "UNPIVOT (SELECT store_id, floor_area FROM store) ON COLUMNS(*) INTO NAME n VALUE v",
        "SELECT unnest([1, 2]), x FROM range(2) AS t(x), LATERAL (SELECT x + 1)",
        "SELECT date_trunc('month', opened_on), extract(year FROM opened_on), age(opened_on, '2020-01-01') FROM store",
        "SELECT median(floor_area), mode(name), string_agg(name ORDER BY name), arg_max(name, floor_area) FROM store",
        "SELECT list_transform([1, 2], lambda x: x + 1), [x FOR x IN [1, 2] IF x > 1], {'a': 1}.a, MAP {'k': 1}['k']",
        "SELECT CASE WHEN floor_area > 50 THEN 'big' END, coalesce(opened_on, '2000-01-01'), doubled(2) FROM store",
        "SELECT * EXCLUDE (name) REPLACE (floor_area * 2 AS floor_area) FROM store",
        "SELECT store.name, main.store.floor_area FROM main.store",
        "SELECT * FROM open_stores",
        "SELECT repeat('ab', 2), regexp_extract('a1', '\\d'), strftime(DATE '2020-01-01', '%Y'), range(3)",
        "  -- a comment\n SELECT 1; ",
    ],
)
def test_queries_run(sandbox: Sandbox, sql: str) -> None:
    assert sandbox.execute(sql).rows


def test_values_come_back_as_they_are(sandbox: Sandbox) -> None:
    result = sandbox.execute(
        "SELECT 1, 1.50::DECIMAL(10, 2), 0.1::DOUBLE, 'é 漢', NULL, TRUE,"
        " DATE '2020-01-31', TIMESTAMP '2020-01-31 10:00:00.5', TIMESTAMPTZ '2020-01-31 10:00:00+02', TIME '10:00:00',"
        " INTERVAL 2 DAYS, 'a'::BLOB, [1, NULL], {'$date': 'x'},"
        " 170141183460469231731687303715884105727::HUGEINT, 'NaN'::DOUBLE, '-Infinity'::FLOAT, chr(0)"
    )
    assert result.ranks is None
    *values, nan, infinity, nul = result.rows[0]
    assert values == [
        1,
        Decimal("1.50"),
        0.1,
        "é 漢",
        None,
        True,
        dt.date(2020, 1, 31),
        dt.datetime(2020, 1, 31, 10, 0, 0, 500_000),
        dt.datetime(2020, 1, 31, 8, tzinfo=dt.UTC),
        dt.time(10),
        dt.timedelta(days=2),
        b"a",
        [1, None],
        {"$date": "x"},
        2**127 - 1,
    ]
    assert math.isnan(nan) and infinity == -math.inf and nul == "\0"


def test_rows_keep_their_order_and_columns_their_names(sandbox: Sandbox) -> None:
    result = sandbox.execute("SELECT name AS Name, name FROM store ORDER BY store_id DESC")
    assert result.columns == ("Name", "name")
    assert [row[0] for row in result.rows] == ["漢堡", "Élan", "Dock", "Café £"]


@pytest.mark.parametrize("sql", ["SELECT '\ud800'", "SELECT 1\0; DROP TABLE store", "SELECT 1 --" + "x" * 20_000])
def test_text_that_is_no_sql_text(sandbox: Sandbox, sql: str) -> None:
    with pytest.raises(ParseError):
        sandbox.execute(sql)


def test_error_texts_are_the_same_in_every_worker(database: Path, tmp_path: Path) -> None:
    other = tmp_path / "another name.duckdb"
    other.write_bytes(database.read_bytes())
    for sql in (
        "SELECT x FROM store",
        "SELECT * FROM stores",
        "SELEC 1",
        "SELECT 'a'::INT",
        "SELECT name.x.y FROM store",
    ):
        texts = set()
        for path in (database, other):
            with Sandbox(path) as one, pytest.raises((ParseError, ExecutionError)) as caught:
                one.execute(sql)
            texts.add(str(caught.value))
        assert len(texts) == 1 and "another" not in texts.pop()


def test_a_database_may_be_named_like_a_schema_of_its(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("CREATE SCHEMA sales; CREATE TABLE sales.sales AS SELECT 1 AS sales")
    path = (tmp_path / "x.duckdb").rename(tmp_path / "sales.duckdb")
    with Sandbox(path) as one:
        assert one.execute("SELECT sales.sales FROM sales.sales").rows == ((1,),)


def test_paths_with_quotes(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "it's; DROP.duckdb"
    path.write_bytes(database.read_bytes())
    with Sandbox(path) as one:
        assert one.execute("SELECT count(*) FROM store").rows == ((4,),)


def test_no_database_there(tmp_path: Path) -> None:
    for maker in (Sandbox, shared, database_hash):
        with pytest.raises(DataNotFound, match=r"nowhere\.duckdb"):
            maker(tmp_path / "nowhere.duckdb")
    (tmp_path / "text.duckdb").write_text("no database at all\n" * 1000)
    with pytest.raises(MalformedRecord, match=r"text\.duckdb"):
        Sandbox(tmp_path / "text.duckdb").execute("SELECT 1")


@pytest.mark.parametrize("name", ["seconds", "memory_mb", "rows", "bytes"])
def test_limits_are_above_zero(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})


# ---------------------------------------------------------------- workers


def test_a_crash_is_one_statements_error(database: Path) -> None:
    with Sandbox(database) as one:
        one.execute("SELECT 1")
        killer = threading.Timer(0.3, os.kill, (one._process.pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(WorkerCrashed):
            one.execute("SELECT count(*) FROM range(100000000000)")
        assert one.execute("SELECT 2").rows == ((2,),)
        os.kill(one._process.pid, signal.SIGKILL)
        one._process._popen.wait(5)
        assert one.execute("SELECT 3").rows == ((3,),)


def test_what_no_interrupt_reaches_is_killed(database: Path) -> None:
    with Sandbox(database, Limits(seconds=0.2)) as one:
        one.execute("SELECT 1")
        os.kill(one._process.pid, signal.SIGSTOP)
        with pytest.raises(TimeLimit, match=r"0\.2 seconds"):
            one.execute("SELECT 2")
        assert one.execute("SELECT 2").rows == ((2,),)


def test_closing_twice_and_going_on(database: Path) -> None:
    one = Sandbox(database)
    one.close()
    assert one.execute("SELECT 1").rows == ((1,),)
    one.close()
    one.close()
    assert one.execute("SELECT 2").rows == ((2,),)
    one.close()


def test_results_are_kept_by_statement(database: Path) -> None:
    with Sandbox(database) as one:
        first = one.execute("SELECT  name\nFROM store;")
        os.kill(one._process.pid, signal.SIGKILL)
        one._process._popen.wait(5)
        assert one.execute("SELECT name FROM store") is first
        for _ in range(2):
            with pytest.raises(ExecutionError, match="nothing"):
                one.execute("SELECT nothing FROM store")


def test_copies_and_pickles(database: Path) -> None:
    with Sandbox(database, Limits(rows=7)) as one:
        one.execute("SELECT 1")
        for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            assert (other.path, other.limits) == (one.path, one.limits)
            with other:
                assert other.execute("SELECT 1").rows == ((1,),)


def test_shared_is_one_per_database_until_that_is_built_anew(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    path.write_bytes(database.read_bytes())
    one = shared(path)
    assert shared(str(path)) is one and shared(path, Limits(rows=5)) is not one
    assert one.execute("SELECT count(*) FROM store").rows == ((4,),)
    one.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM sale; DELETE FROM store")
    os.utime(path, ns=(1, 1))
    assert shared(path).execute("SELECT count(*) FROM store").rows == ((0,),)


def test_few_workers_live_at_once(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxes, "_LIVE_WORKERS", 2)
    many = []
    for number in range(5):
        path = tmp_path / f"{number}.duckdb"
        path.write_bytes(database.read_bytes())
        many.append(Sandbox(path))
        assert many[-1].execute("SELECT count(*) FROM sale").rows == ((40,),)
    assert sum(one._process is not None for one in many) <= 2
    assert [one.execute("SELECT 1").rows for one in many] == [((1,),)] * 5
    for one in many:
        one.close()


def test_threads_share_a_sandbox(database: Path) -> None:
    with Sandbox(database) as one:
        got: dict[int, int] = {}
        threads = [
            threading.Thread(target=lambda n=n: got.update({n: one.execute(f"SELECT {n}").rows[0][0]}))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == {n: n for n in range(20)}


def _in_child(path: Path, queue: multiprocessing.Queue) -> None:
    queue.put(shared(path).execute("SELECT name FROM store WHERE store_id = 2").rows)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_daemonic_processes_may_use_it(database: Path, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    parent = shared(database)
    before = parent.execute("SELECT name FROM store WHERE store_id = 1").rows
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(database, queue), daemon=True)
    child.start()
    assert queue.get(timeout=30) == (("Dock",),)
    child.join(30)
    assert child.exitcode == 0
    assert parent._process.usable and parent.execute("SELECT 'still'").rows == (("still",),)
    assert before == (("Café £",),)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_leaves_its_parents_pipes_alone(database: Path) -> None:
    with Sandbox(database) as one:
        one.execute("SELECT 1")
        pid = one._process.pid
        if (child := os.fork()) == 0:
            ok = one._process is None and one.execute("SELECT 7").rows == ((7,),) and one._process.pid != pid
            process.kill_all()
            os._exit(0 if ok else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert one.execute("SELECT 8").rows == ((8,),) and one._process.pid == pid


def test_from_another_folder_and_no_worker_outlives_its_process(database: Path, tmp_path: Path) -> None:
    # Files of the working folder must not be imported in the place of modules.
    (tmp_path / "duckdb.py").write_text("raise SystemExit('shadowed')")
    code = (
        "import sys; sys.path.remove('') if '' in sys.path else None\n"
        "from act_env.sql.sandbox import shared\n"
        f"one = shared({str(database)!r}); print(one.execute('SELECT 1').rows, one._process.pid)"
    )
    root = str(Path(act_env.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    rows, pid = run.stdout.rsplit(" ", 1)
    assert rows == "((1,),)"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_a_worker_does_not_know_its_parents_secrets(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "secret")
    worker = process.Process()
    try:
        assert b"secret" not in Path(f"/proc/{worker.pid}/environ").read_bytes()
    finally:
        worker.kill()


def test_the_content_hash_is_of_content(database: Path, tmp_path: Path) -> None:
    def build(name: str, *statements: str) -> str:
        with duckdb.connect(str(tmp_path / name)) as connection:
            for statement in statements:
                connection.execute(statement)
        return database_hash(tmp_path / name)

    one = build("1.duckdb", "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1), (2)")
    assert one == build(
        "2.duckdb", "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (1)"
    )
    assert one != build("3.duckdb", "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1), (3)")
    assert one != build("4.duckdb", "CREATE TABLE t (a BIGINT)", "INSERT INTO t VALUES (1), (2)")
    assert one != build("5.duckdb", "CREATE TABLE t (a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
