"""Work that waits for others, side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> list[Result]:
    """``work(item)`` for each, by ``workers`` threads, in the items' order; raises what the first item raised that did.

    Ctrl-C is raised at once, and no further item is begun: the threads are daemons, and hold up neither it nor the
    interpreter's end, as those of ``concurrent.futures`` would.
    """
    if workers == 1 or len(items) < 2:
        return [work(item) for item in items]
    done: list[Any] = [None] * len(items)
    failed: list[tuple[int, BaseException]] = []
    ready = threading.Semaphore(0)
    left, lock = iter(range(len(items))), threading.Lock()
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            with lock:
                place = next(left, None)
            if place is None:
                return
            try:
                done[place] = work(items[place])
            except BaseException as error:
                failed.append((place, error))
            ready.release()

    for _ in range(min(workers, len(items))):
        threading.Thread(target=run, daemon=True).start()
    try:
        for _ in items:
            ready.acquire()
    finally:
        stopped.set()
    if failed:
        raise min(failed, key=lambda entry: entry[0])[1]
    return done
