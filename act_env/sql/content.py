"""What a database holds, as one hash: two builds of a DuckDB file differ in bytes, never in this."""

from __future__ import annotations

import hashlib
import json
import os

import duckdb

from act_env.conversation import encode_value
from act_env.errors import DataNotFound


def database_hash(path: str | os.PathLike[str]) -> str:
    """sha256 (hex) over the canonical schema (tables, views, columns, types, keys) and each table's sorted rows.

    Opens the file read-only in this process: for files this project built, not for a stranger's.
    """
    if not os.path.isfile(path):
        raise DataNotFound(f"no database file at {os.fspath(path)!r}")
    digest = hashlib.sha256()

    def add(value: object) -> None:
        digest.update(json.dumps(encode_value(value), sort_keys=True, ensure_ascii=True).encode() + b"\n")

    with duckdb.connect(os.fspath(path), read_only=True) as connection:
        for query in (
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns()"
            " WHERE NOT internal ORDER BY schema_name, table_name, column_index",
            "SELECT schema_name, table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL",
            "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
            "SELECT schema_name, sequence_name, start_value, last_value FROM duckdb_sequences() ORDER BY 1, 2",
        ):
            add(connection.execute(query).fetchall())
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        for schema, table in tables:
            quoted = ".".join('"' + name.replace('"', '""') + '"' for name in (schema, table))
            add([schema, table])
            cursor = connection.execute(f"SELECT * FROM {quoted} ORDER BY ALL")
            while rows := cursor.fetchmany(4096):
                for row in rows:
                    add(row)
    return digest.hexdigest()
