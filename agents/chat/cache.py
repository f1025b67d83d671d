"""Replies remembered in a file, by request: a reply that was paid for is never asked for again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sqlite3
import threading
from pathlib import Path

from act_env.errors import MalformedRecord
from agents.chat.calls import Completion

FILE = "replies.sqlite"


class Cache:
    """An SQLite file in a folder, made where it is missing, that only its owner can read.

    It holds replies under the sha256 of their requests, never a prompt or a key. What ``put`` was given is on the
    disk when it returns. Threads and processes may share a file. Raises MalformedRecord where the file is no cache.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).expanduser()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / FILE
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, timeout=60.0, check_same_thread=False, isolation_level=None)
        try:
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute("CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, form TEXT NOT NULL)")
        except sqlite3.DatabaseError as error:
            raise MalformedRecord(f"{str(path)!r} holds no remembered replies: {error}") from error

    def get(self, key: str) -> Completion | None:
        with self._lock:
            row = self._file.execute("SELECT form FROM reply WHERE key = ?", (key,)).fetchone()
        return None if row is None else Completion(**json.loads(row[0]))

    def put(self, key: str, completion: Completion) -> Completion:
        """Keeps a reply, and returns the one that is kept: the first, where two came for one request."""
        # ASCII, since a reply may hold lone surrogates.
        form = json.dumps(dataclasses.asdict(completion), ensure_ascii=True)
        with self._lock:
            self._file.execute("INSERT OR IGNORE INTO reply VALUES (?, ?)", (key, form))
        return self.get(key) or completion

    def close(self) -> None:
        with self._lock:
            self._file.close()
