"""Typed errors. Each names the offending value and what would be right."""

from __future__ import annotations

import functools


class ActClarifyError(Exception):
    """Base of every error this project raises on purpose."""


class MalformedRecord(ActClarifyError, ValueError):
    """A record from outside (JSON, dialogue text, data file) is not of the form it should be."""


class DataNotFound(ActClarifyError, FileNotFoundError):
    """A path the user gave, or bundled data, is not there or not of the published layout."""


class SandboxError(ActClarifyError):
    """A statement was refused or failed. ``kind`` is stable, machine-readable, and ends up in records."""

    kind = "sandbox"

    def __reduce__(self):
        return type(self), self.args


class ParseError(SandboxError):
    kind = "parse"


class SeveralStatements(SandboxError):
    kind = "several_statements"


class ForbiddenStatement(SandboxError):
    kind = "forbidden"


class ExecutionError(SandboxError):
    kind = "execution"


class TimeLimit(SandboxError):
    kind = "time_limit"


class MemoryLimit(SandboxError):
    kind = "memory_limit"


class RowLimit(SandboxError):
    kind = "row_limit"


class ByteLimit(SandboxError):
    kind = "byte_limit"


class WorkerCrashed(SandboxError):
    kind = "worker_crashed"


class SharedMemoryUnsupported(ActClarifyError, TypeError):
    """An asynchronous vector environment was asked to pass text through shared memory."""


class LoaderNotFound(ActClarifyError, ImportError):
    """A dotted name ``module:attribute`` (of a task source or a user) cannot be resolved."""


class CutThroughTie(SandboxError):
    """The data do not determine a gold result: a LIMIT or OFFSET cuts through rows that tie."""

    kind = "cut_through_tie"


class UserSimulatorError(ActClarifyError, RuntimeError):
    """A simulated user could not reply. An error never becomes text: whoever plays on drops the episode.

    ``transient`` says that the failure has nothing to do with what was asked, so that it may not come again.
    """

    def __init__(self, message: str = "", *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient

    def __reduce__(self):
        return functools.partial(type(self), transient=self.transient), self.args
