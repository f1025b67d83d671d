"""Runs an agent's SQL where it can neither change a database nor reach anything but it.

Each database is opened by a worker process of its own (``worker.py``), read-only and with locked
settings; ``policy.py`` says which statements it takes; limits bound what one may cost. A worker is shared
by the environments of a process, and its end is one statement's error, not the process's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from act_env.conversation import Result, decode_value
from act_env.errors import (
    DataNotFound,
    ExecutionError,
    MalformedRecord,
    ParseError,
    SandboxError,
    TimeLimit,
    WorkerCrashed,
)
from act_env.sql import process

STATEMENT_CHARS = 16_384
_CACHED_RESULTS = 2_048
_CACHED_CELLS = 500_000
_LIVE_WORKERS = 8
_SHARED = 64
_FIND_SECONDS = 4.0


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one statement may cost: wall-clock seconds, DuckDB's memory in MB, and the result's rows and
    bytes (of its JSON form). Each has its own error: TimeLimit, MemoryLimit, RowLimit, ByteLimit."""

    seconds: float = 5.0
    memory_mb: int = 256
    rows: int = 10_000
    bytes: int = 1_000_000

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if not (value := getattr(self, field.name)) > 0:
                raise ValueError(f"{field.name} must be above 0, not {value!r}")


class Sandbox:
    """One database, and the worker that has it open: started at the first statement, restarted after a
    crash or a ``close``, dropped in a forked child. Results are cached by statement, limit errors not.

    Raises DataNotFound where there is no file at ``path``. Pickles and copies as its path and limits.
    """

    def __init__(self, path: str | os.PathLike[str], limits: Limits | None = None):
        self.path = Path(path).absolute()
        self.limits = limits or Limits()
        if not self.path.is_file():
            raise DataNotFound(f"no database file at {str(self.path)!r}")
        self._process: process.Process | None = None
        self._lock = threading.RLock()
        self._cache: OrderedDict[tuple[str, str], Result | SandboxError] = OrderedDict()
        self._cells = 0
        _sandboxes.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sandbox, (self.path, self.limits)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def execute(self, sql: str) -> Result:
        """The result of one query, rows in the order they came, ``ranks`` None.

        Raises ParseError, SeveralStatements, ForbiddenStatement, ExecutionError, WorkerCrashed, or the
        limit's error; their texts are the same on every machine.
        """
        return self._cached("execute", sql)

    def gold(self, sql: str) -> Result:
        """The result of a reading's query, with the ranks of its rows where it orders them.

        Raises what ``execute`` does, and CutThroughTie where the data do not determine the result.
        """
        return self._cached("gold", sql)

    def close(self) -> None:
        """Gives the worker back. A later statement gets another, so closing twice or early does no harm."""
        with self._lock:
            held, self._process = self._process, None
            if held is not None:
                process.release(held)

    def _cached(self, how: str, sql: str) -> Result:
        from act_env.sql.readings import canonical, gold

        key = (how, canonical(sql))
        with self._lock:
            kept = self._cache.get(key)
            if kept is None:
                try:
                    kept = self._run(sql) if how == "execute" else gold(self.execute, sql)
                except SandboxError as error:
                    if not isinstance(error, TimeLimit | WorkerCrashed):
                        self._keep(key, error.with_traceback(None))
                    raise
                self._keep(key, kept)
            else:
                self._cache.move_to_end(key)
        if isinstance(kept, SandboxError):
            raise type(kept)(*kept.args)
        return kept

    def _keep(self, key: tuple[str, str], value: Result | SandboxError) -> None:
        self._cache[key] = value
        self._cells += _cells(value)
        while len(self._cache) > _CACHED_RESULTS or (self._cells > _CACHED_CELLS and len(self._cache) > 1):
            self._cells -= _cells(self._cache.popitem(last=False)[1])

    def _run(self, sql: str) -> Result:
        if len(sql) > STATEMENT_CHARS:
            raise ParseError(f"a statement of {len(sql):,} characters, at most {STATEMENT_CHARS:,} are read")
        if not _readable(sql):
            raise ParseError("the statement holds a NUL or a lone surrogate, which no SQL text has")
        form = self._worker().call({"do": "run", "sql": sql}, self.limits.seconds)
        try:
            return Result(tuple(form["columns"]), tuple(tuple(map(decode_value, row)) for row in form["rows"]))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ExecutionError(f"a value of the result cannot be read: {type(error).__name__}") from error

    def _worker(self) -> process.Process:
        if self._process is not None and not self._process.usable:
            self._process.kill()
            self._process = None
        if self._process is None:
            _make_room(self)
            worker = process.acquire()
            try:
                worker.call({"do": "open", "path": str(self.path), "limits": dataclasses.asdict(self.limits)}, 30.0)
            except SandboxError as error:
                worker.kill()
                if isinstance(error, WorkerCrashed | TimeLimit):
                    raise
                raise MalformedRecord(f"{self.path.name!r} cannot be opened as a DuckDB database: {error}") from error
            self._process = worker
        with contextlib.suppress(KeyError):
            _open.pop(id(self))
        _open[id(self)] = weakref.ref(self)
        return self._process


def _readable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _cells(value: Result | SandboxError) -> int:
    return len(value.rows) * max(1, len(value.columns)) if isinstance(value, Result) else 1


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()
_open: OrderedDict[int, weakref.ref[Sandbox]] = OrderedDict()
_shared: OrderedDict[tuple[Any, ...], Sandbox] = OrderedDict()
_shared_lock = threading.Lock()


def _make_room(newcomer: Sandbox) -> None:
    """Closes the sandboxes used longest ago until one more worker may live."""
    for key, reference in list(_open.items()):
        other = reference()
        if other is None or other._process is None:
            del _open[key]
        elif len(_open) >= _LIVE_WORKERS and other is not newcomer and other._lock.acquire(blocking=False):
            # A sandbox that is at work in another thread keeps its worker; the number is a target.
            try:
                other.close()
                del _open[key]
            finally:
                other._lock.release()


def shared(path: str | os.PathLike[str], limits: Limits | None = None) -> Sandbox:
    """This process's sandbox for a database file, the same for all who ask; a file that was built anew
    gets a new one. Nobody need close it: workers used longest ago, and all at exit, are closed."""
    limits = limits or Limits()
    path = Path(path).absolute()
    try:
        status = path.stat()
    except OSError as error:
        raise DataNotFound(f"no database file at {str(path)!r}") from error
    key = (path, status.st_mtime_ns, status.st_size, limits)
    with _shared_lock:
        if key not in _shared:
            _shared[key] = Sandbox(path, limits)
        _shared.move_to_end(key)
        while len(_shared) > _SHARED:
            _shared.popitem(last=False)[1].close()
        return _shared[key]


_finder: list[process.Process] = []
_finder_lock = threading.Lock()


def first_runnable(texts: Sequence[tuple[str, bool]]) -> int | None:
    """The index of the first (text, strong) that DuckDB's parser reads as statements meant to be run.

    It is asked in a worker, since no parser is proof against every text; one that it cannot take in
    five seconds, or dies of, holds no statement.
    """
    texts = [(text, strong) if _readable(text) else ("", False) for text, strong in texts]
    with _finder_lock:
        while _finder and not _finder[0].usable:
            _finder.pop().kill()
        if not _finder:
            _finder.append(process.acquire())
        try:
            return _finder[0].call({"do": "find", "texts": texts}, _FIND_SECONDS)
        except (TimeLimit, WorkerCrashed):
            _finder.clear()
            return None


def _after_fork() -> None:
    global _shared_lock, _finder_lock
    _shared_lock, _finder_lock = threading.Lock(), threading.Lock()
    _finder.clear()
    _open.clear()
    for sandbox in list(_sandboxes):
        sandbox._lock, sandbox._process = threading.RLock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
