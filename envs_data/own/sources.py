"""What a user may bring: a DuckDB, SQLite, Parquet or CSV file, or a folder of CSV and Parquet files.

``opened`` gives a DuckDB connection in which every table of the source is a ``Relation``. Sources are opened
so that they cannot be written to; views of a stranger's database reach neither files nor network.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from act_env.errors import DataNotFound, MalformedRecord
from envs_data.ambigsql.spec import quoted
from envs_data.own import sheets, sqlite
from envs_data.own.text import plain

RIGHT = "a DuckDB, SQLite, Parquet or CSV file, or a folder of CSV and Parquet files"
_CONFIG = {
    "threads": 1,
    "memory_limit": "1GB",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclasses.dataclass(frozen=True)
class Relation:
    """A table or view of the source. ``sql`` is what FROM takes; ``references`` maps a column to the (table,
    column) it refers to, as the source declares it; ``origin`` is how the user knows it."""

    name: str
    sql: str
    origin: str
    view: bool = False
    key: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Source:
    """``name`` is the file's or folder's own, without what lies above it."""

    kind: str
    name: str
    connection: duckdb.DuckDBPyConnection
    relations: tuple[Relation, ...]


def text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def kind_of(path: Path) -> str:
    """duckdb, sqlite, parquet, csv or folder, told by a file's first bytes rather than its name.

    Raises DataNotFound where there is nothing, MalformedRecord for anything else.
    """
    if path.is_dir():
        return "folder"
    if not path.exists():
        raise DataNotFound(f"there is nothing at {str(path)!r}: {RIGHT} is right")
    if not path.is_file():
        raise MalformedRecord(f"{path.name!r} is neither a file nor a folder: {RIGHT} is right")
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise DataNotFound(f"{path.name!r} cannot be read: {error.strerror}") from error
    if not head:
        raise MalformedRecord(f"{path.name!r} is empty: {RIGHT} is right")
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith((b"PAR1", b"PARE")):
        return "parquet"
    if sheets.is_sheet(path) or path.suffix.lower() == ".txt":
        return "csv"
    raise MalformedRecord(f"{path.name!r} is of no kind that can be read, or encrypted: {RIGHT} is right")


@contextlib.contextmanager
def opened(path: Path, scratch: Path) -> Iterator[Source]:
    """The source, with ``scratch`` (an empty folder) for what must be converted on the way.

    Raises DataNotFound or MalformedRecord, naming the file.
    """
    kind = kind_of(path)
    name = path.resolve().name
    with duckdb.connect(config=_CONFIG) as connection:
        connection.execute(f"SET temp_directory = {text(scratch / 'spill')}")
        match kind:
            case "duckdb":
                relations = _from_duckdb(connection, path)
            case "sqlite":
                relations = _from_sqlite(connection, path, scratch)
            case "folder":
                relations = _from_folder(connection, path, scratch)
            case _:
                relations = [_from_file(connection, path, kind, scratch)]
        if not relations:
            raise MalformedRecord(f"{name!r} holds no table")
        yield Source(kind, plain(name), connection, tuple(relations))


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    try:
        connection.execute(f"ATTACH {text(path.absolute())} AS source (READ_ONLY)")
    except duckdb.Error as error:
        why = str(error).partition("\n")[0].replace(str(path), name)
        raise MalformedRecord(
            f"{name!r} cannot be opened as a DuckDB database (broken, encrypted or in use): {why}"
        ) from error


def _from_duckdb(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Relation]:
    _attach(connection, path, path.name)
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    references: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for schema, table, kind, columns, target, targets in connection.execute(
        "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table, "
        "referenced_column_names FROM duckdb_constraints() WHERE database_name = 'source' ORDER BY ALL"
    ).fetchall():
        if kind == "PRIMARY KEY":
            keys[schema, table] = tuple(columns)
        elif kind == "FOREIGN KEY" and len(columns) == 1:
            references.setdefault((schema, table), {})[columns[0]] = (target, targets[0])
    found = connection.execute(
        "SELECT schema_name, table_name, false FROM duckdb_tables() WHERE database_name = 'source' AND NOT internal "
        "UNION ALL SELECT schema_name, view_name, true FROM duckdb_views() "
        "WHERE database_name = 'source' AND NOT internal ORDER BY 3, 1, 2"
    ).fetchall()
    names = [table for _, table, _ in found]
    return [
        Relation(
            name=table if names.count(table) == 1 else f"{schema}_{table}",
            sql=f"source.{quoted(schema)}.{quoted(table)}",
            origin=table if schema == "main" else f"{schema}.{table}",
            view=view,
            key=keys.get((schema, table), ()),
            references=references.get((schema, table), {}),
        )
        for schema, table, view in found
    ]


def _from_sqlite(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> list[Relation]:
    staged = sqlite.stage(path, scratch / "sqlite.duckdb")
    _attach(connection, scratch / "sqlite.duckdb", path.name)
    return [
        Relation(table.name, f"source.main.{quoted(table.staged)}", table.name, table.view, table.key, table.references)
        for table in staged
    ]


def _plain_path(path: Path, scratch: Path) -> Path:
    """The file by a path that DuckDB takes as it is: in "sales[1].csv" it would see a pattern."""
    if not set(str(path.absolute())) & set("*?[{"):
        return path.absolute()
    folder = scratch / f"file-{len(list(scratch.iterdir()))}"
    folder.mkdir()
    link = folder / f"source{''.join(path.suffixes[-2:])}"
    try:
        link.symlink_to(path.absolute())
    except OSError:
        shutil.copyfile(path, link)
    return link


def _from_file(connection: duckdb.DuckDBPyConnection, path: Path, kind: str, scratch: Path) -> Relation:
    plain_path = _plain_path(path, scratch)
    sheet = sheets.prepare(plain_path, path.name, scratch) if kind == "csv" else None
    name, sql = (sheets.stem(path), sheet.relation()) if sheet else (path.stem, f"read_parquet({text(plain_path)})")
    try:
        connection.execute(f"DESCRIBE SELECT * FROM {sql}")
    except duckdb.Error as error:
        why = (sheets.fault(sheet) if sheet else "") or plain(str(error).replace(str(plain_path), path.name), 200)
        raise MalformedRecord(f"{path.name!r} cannot be read as {kind}: {why}") from error
    return Relation(name, sql, path.name)


def _from_folder(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> list[Relation]:
    try:
        files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    except OSError as error:
        raise DataNotFound(f"{path.name!r} cannot be read: {error.strerror}") from error
    files = [file for file in files if sheets.is_sheet(file) or file.suffix.lower() in (".parquet", ".pq")]
    if not files:
        raise DataNotFound(f"the folder {path.name!r} holds no CSV or Parquet file: {RIGHT} is right")
    relations = []
    for file in files:
        kind = kind_of(file)
        if kind not in ("csv", "parquet"):
            raise MalformedRecord(f"{file.name!r} is no CSV or Parquet file")
        relations.append(_from_file(connection, file, kind, scratch))
    return relations
