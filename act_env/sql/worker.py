"""The child process that holds one database open: ``python -m act_env.sql.worker``.

It reads requests from standard input and writes replies to standard output, each a frame: four bytes
of length, big-endian, then that much JSON. Values travel by ``conversation.encode_value``; nothing is
pickled in either direction. Requests are ``{"do": "open" | "close" | "run" | "find", ...}``; a reply is
``{"value": ...}`` or ``{"error": kind, "text": ...}``, kind being that of a SandboxError.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import struct
import sys
import threading
import types
from pathlib import Path
from typing import Any, BinaryIO

from act_env.conversation import encode_value
from act_env.errors import (
    ByteLimit,
    ExecutionError,
    ForbiddenStatement,
    MemoryLimit,
    ParseError,
    RowLimit,
    SandboxError,
    TimeLimit,
)

_HEAD = struct.Struct(">I")
_DATABASE = "_database"
# One name for the catalogue of every database: with the file's own, a schema that has it is ambiguous.
_CONFIG = {
    "threads": "1",
    "temp_directory": "",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_SPARE = 256 << 20
"""Bytes of address space beyond DuckDB's own limit: results on their way to Python, and Python."""


def write_frame(stream: BinaryIO, message: Any) -> int:
    data = json.dumps(message, separators=(",", ":")).encode()
    stream.write(_HEAD.pack(len(data)) + data)
    stream.flush()
    return len(data)


def read_frame(stream: BinaryIO, limit: int) -> Any:
    """The next message; raises EOFError where the stream ends, ValueError where it holds none."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError("the stream ended")
    (size,) = _HEAD.unpack(head)
    if size > limit:
        raise ValueError(f"a frame of {size:,} bytes, at most {limit:,} are allowed")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the stream ended inside a frame")
    return json.loads(data)


class _Utc(dt.tzinfo):
    """UTC with the one method of pytz that DuckDB calls."""

    def localize(self, moment: dt.datetime) -> dt.datetime:
        return moment.replace(tzinfo=self)

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    def dst(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    def tzname(self, moment: dt.datetime | None) -> str:
        return "UTC"


class Crash(Exception):
    """DuckDB says that its own state can no longer be trusted: the process must end."""


class Worker:
    """The database that is open, and what is allowed on it."""

    def __init__(self) -> None:
        import duckdb

        # Only where a timestamp has a time zone does DuckDB's Python binding want pytz. The session's
        # zone is UTC, so this stands in, and a result does not depend on what is installed.
        sys.modules["pytz"] = types.SimpleNamespace(timezone=lambda name: _Utc(), utc=_Utc())
        self._duckdb = duckdb
        self._parser = duckdb.connect(":memory:", config=_CONFIG)
        self._connection: Any = None
        self._policy: Any = None
        self._builtins: Any = None
        self._limits: dict[str, Any] = {}

    def open(self, path: str, limits: dict[str, Any]) -> None:
        """Opens a database file read-only, with every setting locked."""
        from act_env.sql.policy import Policy, builtin_names

        self.close()
        set_address_space(None)
        connection = self._duckdb.connect(":memory:", config=_CONFIG | {"memory_limit": f"{limits['memory_mb']}MB"})
        quoted = path.replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS {_DATABASE} (READ_ONLY)")
        connection.execute(f"USE {_DATABASE}")
        self._builtins = self._builtins or builtin_names(self._parser)
        self._policy = Policy(connection, _DATABASE, self._builtins)
        for setting in ("TimeZone = 'UTC'", "enable_external_access = false", "lock_configuration = true"):
            connection.execute(f"SET {setting}")
        self._connection, self._limits = connection, limits
        set_address_space(limits["memory_mb"] << 20)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def find(self, texts: list[list[Any]]) -> int | None:
        """The index of the first (text, strong) that could be meant to run."""
        from act_env.sql.policy import is_runnable

        return next((i for i, (text, strong) in enumerate(texts) if is_runnable(self._parser, text, strong)), None)

    def run(self, sql: str) -> dict[str, Any]:
        """One query's columns and encoded rows; raises a SandboxError."""
        seconds = self._limits["seconds"]
        timer = threading.Timer(seconds, self._connection.interrupt)
        timer.start()
        try:
            statement = self._policy.check(self._connection, sql)
            cursor = self._connection.execute(statement)
            columns = [column[0] for column in cursor.description or ()]
            return {"columns": columns, "rows": self._rows(cursor)}
        except (self._duckdb.Error, MemoryError, RecursionError, RuntimeError, ValueError, OverflowError) as error:
            raise self._typed(error) from error
        finally:
            timer.cancel()
            timer.join()

    def _rows(self, cursor: Any) -> list[Any]:
        rows: list[Any] = []
        size = 0
        while chunk := cursor.fetchmany(512):
            if len(rows) + len(chunk) > self._limits["rows"]:
                raise RowLimit(f"more than {self._limits['rows']:,} rows, which is the limit")
            for row in chunk:
                row = encode_value(row)
                size += len(json.dumps(row))
                if size > self._limits["bytes"]:
                    raise ByteLimit(f"a result of more than {self._limits['bytes']:,} bytes, which is the limit")
                rows.append(row)
        return rows

    def _typed(self, error: Exception) -> Exception:
        duckdb = self._duckdb
        match error:
            case duckdb.InterruptException():
                return TimeLimit(f"longer than {self._limits['seconds']:g} seconds, which is the limit")
            case duckdb.OutOfMemoryException() | MemoryError():
                return MemoryLimit(f"more than {self._limits['memory_mb']:,} MB of memory, which is the limit")
            case duckdb.InternalException() | duckdb.FatalException():
                return Crash(tidy(str(error)))
            case duckdb.ParserException() | duckdb.SyntaxException():
                return ParseError(tidy(str(error)))
            case duckdb.PermissionException():
                return ForbiddenStatement(tidy(str(error)))
            case RecursionError():
                return ParseError("the statement is nested too deeply")
        if "bad_alloc" in str(error):
            return MemoryLimit(f"more than {self._limits['memory_mb']:,} MB of memory, which is the limit")
        return ExecutionError(tidy(str(error)))


def tidy(message: str) -> str:
    """DuckDB's message without what differs between machines: paths, addresses, and the excerpt."""
    message = re.split(r"\n\s*\n(?:LINE|Possible|\s*Stack)|\nTraceback", message)[0]
    message = re.sub(r"(?:[A-Za-z]:)?(?:[/\\][^\s/\\\"']+){2,}", "<path>", message)
    message = re.sub(r"0x[0-9a-fA-F]+", "<address>", message).replace(f"{_DATABASE}.", "")
    return " ".join(message.split())[:400]


def set_address_space(extra: int | None) -> None:
    """Lets the process grow by ``extra`` bytes and no further (None: lifts that); Linux only."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    used = int(status.read_text().split()[0]) * resource.getpagesize()
    soft = hard if extra is None else used + extra + _SPARE
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard) if soft != resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def contain() -> None:
    """No core dumps, no files written, and Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    try:
        match request["do"]:
            case "open":
                worker.open(request["path"], request["limits"])
                return {"value": None}
            case "close":
                worker.close()
                return {"value": None}
            case "find":
                return {"value": worker.find(request["texts"])}
            case "run":
                return {"value": worker.run(request["sql"])}
            case other:
                return {"error": SandboxError.kind, "text": f"no request is called {other!r}"}
    except SandboxError as error:
        return {"error": error.kind, "text": str(error)}
    except worker._duckdb.Error as error:
        return {"error": SandboxError.kind, "text": tidy(str(error))}


def main() -> None:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever else might print must not get between the frames.
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)
    contain()
    try:
        worker = Worker()
    except ImportError as error:
        write_frame(replies, {"error": "import", "text": str(error)})
        return
    write_frame(replies, {"value": "ready"})
    while True:
        try:
            reply = answer(worker, read_frame(requests, 1 << 26))
        except (EOFError, Crash):
            return
        try:
            write_frame(replies, reply)
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
