"""The parent's side of a worker: start it, talk to it, end it; and nothing of DuckDB.

A worker is started with ``subprocess``, because a daemonic process (an asynchronous vector worker) may
have no ``multiprocessing`` children. A process that was forked never uses its parent's pipes.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

from act_env.errors import SandboxError, TimeLimit, WorkerCrashed
from act_env.sql.worker import read_frame, write_frame

GRACE = 1.0
"""Seconds between the limit at which a worker interrupts its query and the one at which it is killed."""
_START_SECONDS = 60.0
_FRAME_BYTES = 1 << 28
_SPARES = 2
# act_env's own __init__ would bring gymnasium and numpy, half a second a start that no worker needs.
_BOOT = (
    "import sys, types; package = types.ModuleType('act_env'); package.__path__ = [sys.argv[1]]; "
    "sys.modules['act_env'] = package; from act_env.sql.worker import main; main()"
)
# The rest of the environment (tokens, proxies) is no business of a process that runs an agent's SQL.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")

_KINDS: dict[str, type[SandboxError]] = {}


def error_of(kind: str, text: str) -> SandboxError:
    """The SandboxError of a reply's kind."""
    if not _KINDS:
        _KINDS.update({cls.kind: cls for cls in (SandboxError, *SandboxError.__subclasses__())})
    return _KINDS.get(kind, SandboxError)(text)


class Process:
    """One worker process. Not safe for two threads at once: its owner holds a lock."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
        self._owner = os.getpid()
        self._late = False
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, str(Path(__file__).resolve().parents[1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        _alive.add(self)
        ready = self._exchange(None, _START_SECONDS)
        if ready.get("value") != "ready":
            self.kill()
            raise WorkerCrashed(f"the SQL worker did not start with {sys.executable!r}: {ready.get('text', ready)}")

    @property
    def usable(self) -> bool:
        return self._owner == os.getpid() and self._popen.poll() is None

    @property
    def pid(self) -> int:
        return self._popen.pid

    def call(self, request: dict[str, Any], seconds: float) -> Any:
        """The value of the worker's reply; raises the SandboxError it names, WorkerCrashed where the
        process ends, TimeLimit where it has not answered ``GRACE`` seconds past ``seconds``."""
        reply = self._exchange(request, seconds + GRACE)
        if "error" in reply:
            raise error_of(reply["error"], reply["text"])
        return reply["value"]

    def _exchange(self, request: dict[str, Any] | None, seconds: float) -> dict[str, Any]:
        killer = threading.Timer(seconds, self._kill_late)
        killer.daemon = True
        killer.start()
        try:
            if request is not None:
                write_frame(self._popen.stdin, request)
            return read_frame(self._popen.stdout, _FRAME_BYTES)
        except (EOFError, OSError, ValueError) as error:
            self.kill()
            if self._late:
                raise TimeLimit(f"longer than {seconds - GRACE:g} seconds, which is the limit") from error
            raise WorkerCrashed(
                "the SQL worker ended while it ran this statement; the next one gets another"
            ) from error
        except BaseException:
            # An interrupted exchange leaves a reply in the pipe that would answer the next request.
            self.kill()
            raise
        finally:
            killer.cancel()

    def _kill_late(self) -> None:
        self._late = True
        self._popen.kill()

    def kill(self) -> None:
        """Ends the process; safe to call twice, and in a forked child (which only drops its copies)."""
        _alive.discard(self)
        if self._owner == os.getpid():
            self._popen.kill()
            self._popen.wait()
        else:
            self._popen.returncode = 0  # not this process's child: nothing to wait for
        for stream in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):
                stream.close()


_alive: weakref.WeakSet[Process] = weakref.WeakSet()
_spares: list[Process] = []


def acquire() -> Process:
    """A worker without a database: one that was given back, or a new one."""
    while _spares:
        if (process := _spares.pop()).usable:
            return process
        process.kill()
    return Process()


def release(process: Process) -> None:
    """Gives a worker back. Another database is opened in it, which is ten times faster than a start."""
    if process.usable and len(_spares) < _SPARES:
        try:
            process.call({"do": "close"}, 1.0)
        except SandboxError:
            process.kill()
        else:
            _spares.append(process)
    else:
        process.kill()


@atexit.register
def kill_all() -> None:
    _spares.clear()
    for process in list(_alive):
        process.kill()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=kill_all)
