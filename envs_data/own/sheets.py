"""CSV files as people have them: any common encoding and separator, brought to UTF-8 before DuckDB reads them."""

from __future__ import annotations

import codecs
import contextlib
import csv
import dataclasses
import gzip
import io
import re
from pathlib import Path
from typing import BinaryIO

from act_env.errors import MalformedRecord

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_HEAD = 64_000
_VALUE = re.compile(r"[-+]?[\d.,]*\d%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|true|false|null|nan", re.IGNORECASE)
_NOT_WESTERN = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that Windows-1252 leaves open."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A CSV file in UTF-8, and how to read it; ``encoding`` is that of the source."""

    path: Path
    separator: str
    header: bool
    encoding: str

    def relation(self) -> str:
        """The SQL that reads it, strictly, with types seen over the whole file."""
        path, separator = (text.replace("'", "''") for text in (str(self.path), self.separator))
        return (
            f"read_csv('{path}', delim = '{separator}', quote = '\"', escape = '\"', header = {self.header}, "
            "sample_size = -1, strict_mode = true, max_line_size = 20000000)"
        )


def is_sheet(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def prepare(path: Path, name: str, scratch: Path) -> Sheet:
    """How to read the file, which errors call ``name``; in ``scratch`` as UTF-8 where it is in another encoding.

    Files are read a piece at a time. Text that is no UTF-8 is taken as Windows-1252, else as Latin-1.
    Raises MalformedRecord naming the file.
    """
    encoding, target = _encoding(path, name), path
    if not encoding.startswith("utf-8"):
        target = scratch / f"sheet-{len(list(scratch.iterdir()))}.csv"
        try:
            with _bytes(path) as source, target.open("w", encoding="utf-8", newline="") as out:
                text = io.TextIOWrapper(source, encoding=encoding, newline="")
                while piece := text.read(_CHUNK):
                    out.write(piece)
        except (OSError, EOFError, UnicodeError) as error:
            raise MalformedRecord(f"{name!r} cannot be read as text: {error}") from error
    separator, first = _first_row(target, name)
    return Sheet(target, separator, _is_header(first), encoding)


def _bytes(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _encoding(path: Path, name: str) -> str:
    decoder, western, rare = codecs.getincrementaldecoder("utf-8")(), False, False
    try:
        with _bytes(path) as source:
            chunk = source.read(_CHUNK)
            for mark, encoding in _BOMS:
                if chunk.startswith(mark):
                    return encoding
            while chunk:
                if b"\0" in chunk:
                    raise MalformedRecord(f"{name!r} is not text: it holds NUL bytes")
                rare = rare or any(bytes((byte,)) in chunk for byte in _NOT_WESTERN)
                following = source.read(_CHUNK)
                if not western:
                    try:
                        decoder.decode(chunk, not following)
                    except UnicodeDecodeError:
                        western = True
                chunk = following
    except (OSError, EOFError) as error:
        raise MalformedRecord(f"{name!r} cannot be read: {error}") from error
    return ("latin-1" if rare else "cp1252") if western else "utf-8"


def fault(sheet: Sheet) -> str:
    """Where a sheet's rows first differ in their number of cells; "" where they do not."""
    with contextlib.suppress(csv.Error), _bytes(sheet.path) as source:
        lines = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
        rows = csv.reader(lines, delimiter=sheet.separator)
        first = next(rows, [])
        for row in rows:
            if row and len(row) != len(first):
                return f"line {rows.line_num} has {len(row)} cells, the first has {len(first)}"
    return ""


def _first_row(target: Path, name: str) -> tuple[str, list[str]]:
    """The separator that makes most cells of the first row, and that row."""
    with _bytes(target) as source:
        head = source.read(_HEAD).decode("utf-8-sig", "ignore")
    if not head.strip():
        raise MalformedRecord(f"{name!r} is empty")
    rows = {}
    for separator in _SEPARATORS:
        try:
            rows[separator] = next(csv.reader(io.StringIO(head, newline=""), delimiter=separator), [])
        except csv.Error as error:
            raise MalformedRecord(f"{name!r} cannot be read as CSV: {error}") from error
    best = max(_SEPARATORS, key=lambda separator: len(rows[separator]))
    return best, rows[best]


def _is_header(row: list[str]) -> bool:
    return all(cell.strip() and not _VALUE.fullmatch(cell.strip()) for cell in row)
