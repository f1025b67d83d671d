"""Progress on stderr: bars on a terminal, an occasional line anywhere else."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_EVERY = 15.0
"""Seconds between two lines of one stage where there is no terminal."""


def quiet_libraries() -> None:
    """Turns off the bars and notes that transformers and datasets print of their own accord."""
    from transformers.utils import logging

    # Its deprecations of arguments that TRL and its own classes pass concern nobody at the terminal.
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    # Its newest name for the cache is one that the oldest release here does not know.
    warnings.filterwarnings("ignore", message=".*past_key_values", category=FutureWarning)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")


class Bars:
    """Progress of named stages, one at a time, as a context manager.

    On a terminal each stage is a bar with its time; elsewhere a stage prints a line when it starts,
    one every ``LINE_EVERY`` seconds, and one when it ends. ``quiet`` prints nothing.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._quiet = quiet
        self._bars: Progress | None = None
        console = Console(file=self._stream)
        if console.is_terminal and not quiet:
            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", style="dim"),
                console=console,
            )

    def __enter__(self) -> Bars:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """One stage; the ``Stage`` it gives is told how far things are."""
        stage = Stage(self, name, total)
        stage.start()
        try:
            yield stage
        except BaseException:
            stage.end("stopped")
            raise
        stage.end("done")

    def say(self, text: str) -> None:
        """A line beside the bars."""
        if self._quiet:
            return
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)


class Stage:
    """How far one stage is. It can also be called as ``stage(done, total)``, as loops report progress."""

    def __init__(self, bars: Bars, name: str, total: int | None) -> None:
        self._bars = bars
        self.name = name
        self.total = total
        self.done = 0
        self._id: TaskID | None = None
        self._began = self._last = time.monotonic()

    def start(self) -> None:
        if self._bars._bars is not None:
            self._id = self._bars._bars.add_task(self.name, total=self.total, note="")
        else:
            self._bars.say(f"{self.name} ...")

    def advance(self, steps: int = 1, note: str = "") -> None:
        self(self.done + steps, self.total, note)

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        self.done = done
        self.total = total if total is not None else self.total
        if self._bars._bars is not None and self._id is not None:
            self._bars._bars.update(self._id, completed=done, total=self.total, note=note)
        elif time.monotonic() - self._last >= LINE_EVERY:
            self._last = time.monotonic()
            of = f" of {self.total}" if self.total else ""
            self._bars.say(f"{self.name}: {done}{of} after {self._seconds()}{' · ' + note if note else ''}")

    def end(self, how: str) -> None:
        if self._bars._bars is not None and self._id is not None:
            full = self.total if how == "done" and self.total else self.done
            self._bars._bars.update(self._id, completed=full, total=self.total or full or 1, note=how)
        else:
            self._bars.say(f"{self.name}: {how} after {self._seconds()}")

    def _seconds(self) -> str:
        seconds = round(time.monotonic() - self._began)
        return f"{seconds // 60}:{seconds % 60:02d}"
