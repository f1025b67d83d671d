"""A converted database as the builder and an agent see it: tables, columns, keys, and facts about the values."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from envs_data.spider import sqlite_to_duck
from envs_data.spider.layout import Dictionary, Layout

NUMBER, DATE, TEXT, OTHER = "number", "date", "text", "other"

_TYPES = {"BIGINT": "integer", "DOUBLE": "double", "VARCHAR": "text", "BLOB": "blob"}
_FEW_VALUES = 4
_MAX_NOUN = 3
"""Words of a table's name that still make a noun in a sentence."""
_NO_NOUN = re.compile(
    r"^(?:has|have|view|lives?|is|takes?|plays|in|sqlite|works|visits|teaches|likes|follows|minor|type of"
    r"|assigned|member of|all|enroll|other|participates|faculty participates|enrolled|hall of|all)\b"
    r"|\b(?:in|to|of|on|by|with|mailed|booked|taken|fix|hire|data|details|info|half|manage|arrange|status|advisor|manufacte"
    r"|history|chain|attendance|attributes?|structures?|statuses|grape|batting|fielding|pitching|postseason|fame)$"
    r"|^(?:qualifying|inventory|checking|savings|management|laptimes|vocals|useracct|countrylanguage|advisor|postseason"
    r"|temperature|weather|weekly weather|finances|circulation history|rent arrears|premises|employment|likes)$"
    r"|^\S+ (?:in|of|to|for) "
)
"""Names of tables that make a poor noun, such as "has amenity"."""
_UNIQUE = ("differs from row to row", "is never the same twice", "has no duplicates", "is unique")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ISO_DATE = r"^\d{4}(-\d{2}){0,2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_LABEL = re.compile(
    r"\b(id|ids|code|codes|key|no|number|num|phone|fax|zip|zipcode|postal|postcode|ssn|isbn|uid|ref|major|advisor"
    r"|latitude|longitude|lat|long|(?:president|secretary|treasurer) vote)\b"
)
_COUNTED = re.compile(r"\b(number|num|no) of\b")
_DATED = re.compile(
    r"\b(date|time|day|year|month|datetime|timestamp|launch|launched|built|founded|since|formed|joined|start|starting)\b"
)
_KEY = re.compile(
    r"\b(?!(?:paid|bid|grid|valid|rapid|acid|aid|unpaid|humid|solid)\b)\w*id\b|\b(ids|codes?|key|number|ssn|isbn|uid|ref)\b"
    r"(?! of)"
)
_CALLED = re.compile(r"\b(names?|titles?|label|[fl]name|nickname|theme|player)\b")
_PARTS_OF_NAMES = frozenset(
    [
        "name",
        "title",
        "label",
        "fname",
        "lname",
        "nickname",
        "theme",
        "player",
        "first",
        "last",
        "middle",
        "family",
        "given",
        "personal",
        "official",
        "full",
        "short",
        "common",
        "trade",
    ]
)
_MEASURED = re.compile(
    r"\b(ages?|altitude|amounts?|area|assets|attendance|balance|bonus|budget|burden|bytes|capacity|cases|charges?|costs?"
    r"|count|credits?|cylinders|days|distance|dpi|duration|earnings|enrollment|expectancy|fees?|followers|gdp|gnp|gpa"
    r"|gross|heights?|hours?|horsepower|income|length|loss|losses|memory|milliseconds|minutes|mpg|mph|num of|number of"
    r"|pages|passengers|percent|percentage|points?|population|precipitation|prices?|profits?|quantity|rates?|ratings?"
    r"|rental|revenue|salary|sales|scores?|seats|share|shares|size|speed|spent|stars|temperature|tickets?|tonnage|total"
    r"|value|velocity|votes?|weight|width|wins|worth|years working|bulls|cows|pigs|injured|killed|money|bonuses"
    r"|transfer|accelerate|employees|snatch|weeks|damage|resolution|no of)\b"
)
_RANKED = re.compile(r"\b(rank|ranking|position|place|level|grade)\b")


@dataclasses.dataclass(frozen=True)
class Column:
    """``flavour`` is what sorting by it means: number, date, text, or other (identifiers, codes, ranks,
    dates that do not sort as text). ``phrase`` is the column in people's words; ``values`` are all values of
    a text column that has few; ``quantiles`` are the 10, 25, 50, 75 and 90 % points of a column of numbers,
    or of the years of a column of dates."""

    name: str
    type: str
    phrase: str
    flavour: str
    target: str | None = None
    values: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()

    @property
    def is_key(self) -> bool:
        """Whether it only tells rows apart, or points to another table's."""
        return self.target is not None or _KEY.search(f"{self.phrase} {words(self.name)}") is not None

    @property
    def is_label(self) -> bool:
        """Whether it holds what a row is called."""
        return self.type == "text" and _CALLED.search(self.phrase) is not None and not self.is_key

    @property
    def is_measure(self) -> bool:
        """Whether it holds quantities, of which a mean or a limit tells something."""
        number = self.flavour == NUMBER or (self.flavour == OTHER and self.type == "text")
        return number and bool(self.quantiles) and _MEASURED.search(self.phrase) is not None and not self.is_key


@dataclasses.dataclass(frozen=True)
class Table:
    name: str
    phrase: str
    columns: tuple[Column, ...]
    rows: int
    facts: tuple[str, ...]
    """True sentences about the values, in the manner of a data dictionary; none says how to answer a request."""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)

    @property
    def noun(self) -> str:
        """The name without what only says that the table is one of codes: "reference colors" -> "colors"."""
        return self.phrase.removeprefix("reference ").removeprefix("ref ")

    @property
    def singular(self) -> str:
        return singular(self.noun)

    @property
    def labels(self) -> tuple[Column, ...]:
        """The columns that hold what its own rows are called: no "manager name" of shops."""
        own = {singular(word) for word in self.phrase.split()} | _PARTS_OF_NAMES
        return tuple(c for c in self.columns if c.is_label and all(singular(w) in own for w in c.phrase.split()))

    @property
    def has_noun(self) -> bool:
        """Whether its name is one for a row, and not "has pet" or "assigned to"."""
        return _NO_NOUN.search(self.noun) is None and len(self.noun.split()) <= _MAX_NOUN

    @property
    def one(self) -> str:
        """What a row is called after "a"."""
        return one_of(self.noun) if self.has_noun else f"row of {self.phrase}"

    @property
    def plural(self) -> str:
        return plural(self.singular) if self.has_noun else f"rows of {self.phrase}"


@dataclasses.dataclass(frozen=True)
class Database:
    id: str
    path: Path
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        return next((table for table in self.tables if table.name.lower() == name.lower()), None)

    @property
    def types(self) -> dict[str, dict[str, str]]:
        """Table -> column -> DuckDB type, in lower case, as ``transpile`` wants it."""
        back = {words: type_ for type_, words in _TYPES.items()}
        return {t.name.lower(): {c.name.lower(): back.get(c.type, "") for c in t.columns} for t in self.tables}

    def schema_text(self) -> str:
        """A context's "Tables:" part."""
        return "Tables:\n" + "\n".join(
            f"{identifier(table.name)}({', '.join(_column_text(column) for column in table.columns)})"
            for table in self.tables
        )


def identifier(name: str) -> str:
    """A name as SQL takes it: quoted only where it must be. Line breaks cannot forge a line of the context."""
    name = " ".join(name.split()) if not name.isprintable() else name
    return name if _PLAIN.fullmatch(name) else sqlite_to_duck.quoted(name)


def _column_text(column: Column) -> str:
    arrow = f" -> {identifier(column.target)}" if column.target else ""
    values = f" [{'|'.join(column.values)}]" if column.values and not arrow else ""
    return f"{identifier(column.name)} {column.type}{arrow}{values}"


def words(name: str) -> str:
    """An identifier as words: "Template_ID" -> "template id", "fastestLapTime" -> "fastest lap time"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ")
    return " ".join(re.sub(r"[^\w%() ]+", " ", spaced).lower().split())


_UNCOUNTED = frozenset(
    (
        "people",
        "staff",
        "information",
        "media",
        "series",
        "data",
        "personnel",
        "police",
        "men",
        "women",
        "news",
        "furniture",
        "aircraft",
        "vocals",
        "status",
    )
)


_ONE_OF = {"people": "person", "men": "man", "women": "woman", "staff": "staff member", "personnel": "staff member"}


def singular(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    if last in _UNCOUNTED:
        pass
    elif last.endswith("ies") and last not in ("movies", "cookies"):
        last = last[:-3] + "y"
    elif re.search(r"(sses|shes|ches|xes|statuses|addresses)$", last):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is", "news")):
        last = last[:-1]
    return f"{head} {last}".strip()


def one_of(phrase: str) -> str:
    """What one of a table's rows is called after "a": a person of "people", a staff member of "staff"."""
    head, _, last = singular(phrase).rpartition(" ")
    return f"{head} {_ONE_OF.get(last, last)}".strip()


def plural(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    if last in _UNCOUNTED - {"status"}:
        pass
    elif last == "person":
        last = "people"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    elif re.search(r"(ss|sh|ch|x|z|us|is)$", last):
        last = last + "es"
    elif not last.endswith("s"):
        last = last + "s"
    return f"{head} {last}".strip()


def load(layout: Layout, database: str) -> Database:
    """One database, converted where it is not yet; raises DataNotFound or MalformedRecord."""
    source = layout.sqlite_path(database)
    path = sqlite_to_duck.converted(source)
    with closing(sqlite_to_duck.open_sqlite(source)) as connection:
        names = sqlite_to_duck.tables_of(connection)
        declared = {
            (table.lower(), column.lower()): target
            for table in names
            for column, target in sqlite_to_duck.foreign_keys_of(connection, table).items()
        }
    dictionary = layout.dictionaries.get(database, Dictionary())
    with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
        ).fetchall()
        real = {table.lower(): table for table in names}
        references = {
            column: real[target.lower()]
            for column, target in {**dictionary.references, **declared}.items()
            if target.lower() in real
        }
        tables = tuple(
            read_table(connection, table, [(c, t) for owner, c, t in rows if owner == table], dictionary, references)
            for table in names
        )
    return Database(database, path, tables)


def read_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[tuple[str, str]],
    dictionary: Dictionary,
    references: Mapping[tuple[str, str], str],
) -> Table:
    source = sqlite_to_duck.quoted(table)
    (count,) = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    made, facts = [], []
    phrase = dictionary.tables.get(table.lower()) or words(table)
    known = Table(table, phrase, (), count, ())
    owner = known.singular if known.has_noun else f"a row of {phrase}"
    for name, type_ in columns:
        key = (table.lower(), name.lower())
        said = dictionary.columns.get(key) or words(name)
        target = references.get(key)
        cell = sqlite_to_duck.quoted(name)
        flavour = OTHER if target else _flavour(connection, source, cell, type_, f"{said} {words(name)}")
        values = _values(connection, source, cell, count) if type_ == "VARCHAR" and flavour == TEXT else ()
        points = () if target else _quantiles(connection, source, cell, year=flavour == DATE and type_ == "VARCHAR")
        made.append(Column(name, _TYPES.get(type_, type_.lower()), said, flavour, target, values, points))
        if count and not table.lower().startswith("sqlite_"):
            facts += _facts(connection, source, cell, type_, f"{said} of {owner}", count)
    if count and not table.lower().startswith("sqlite_"):
        facts.append(f"{identifier(table)} holds {count} row{'s' * (count != 1)}")
    targets = [column.target for column in made if column.target]
    if len(targets) == 2 and targets[0] != targets[1]:
        facts.append(
            f"a row of {identifier(table)} joins one of {identifier(targets[0])} with one of {identifier(targets[1])}"
        )
    return Table(table, phrase, tuple(made), count, tuple(facts))


def _flavour(connection: duckdb.DuckDBPyConnection, source: str, cell: str, type_: str, said: str) -> str:
    if _RANKED.search(said) or (_LABEL.search(said) and not _COUNTED.search(said)):
        return OTHER
    if type_ in ("BIGINT", "DOUBLE"):
        (yearly,) = connection.execute(f"SELECT bool_and({cell} BETWEEN 1700 AND 2100) FROM {source}").fetchone()
        if _DATED.search(said):
            return DATE if yearly else OTHER
        return NUMBER
    if type_ != "VARCHAR":
        return OTHER
    dated = _DATED.search(said) is not None
    matching, filled, numeric = connection.execute(
        f"SELECT count(*) FILTER (regexp_matches({cell}, ?)), count({cell}), count(TRY_CAST({cell} AS DOUBLE)) "
        f"FROM {source}",
        [_ISO_DATE],
    ).fetchone()
    if filled and matching == filled and dated:
        return DATE
    return OTHER if dated or (filled and numeric == filled) else TEXT


def _values(connection: duckdb.DuckDBPyConnection, source: str, cell: str, count: int) -> tuple[str, ...]:
    """All values of a column that has few, short and plain ones, so that none can forge a part of the context."""
    found = connection.execute(
        f"SELECT DISTINCT {cell} FROM {source} WHERE {cell} IS NOT NULL ORDER BY 1 LIMIT {_FEW_VALUES + 1}"
    ).fetchall()
    values = tuple(value for (value,) in found)
    plain = all(re.fullmatch(r"[\w][\w .&'+/-]{0,19}", value) for value in values)
    return values if plain and 2 <= len(values) <= _FEW_VALUES and len(values) < count else ()


def _quantiles(connection: duckdb.DuckDBPyConnection, source: str, cell: str, year: bool) -> tuple[float, ...]:
    """Of a column whose every value is a number, as text too, or of the ``year`` of its dates; none for another."""
    value = f"{cell}[:4]" if year else cell
    filled, numeric, points = connection.execute(
        f"SELECT count({cell}), count(value), quantile_disc(value, [0.1, 0.25, 0.5, 0.75, 0.9]) "
        f"FROM (SELECT {cell}, TRY_CAST({value} AS DOUBLE) AS value FROM {source})"
    ).fetchone()
    finite = filled and filled == numeric and all(abs(point) < 1e15 for point in points)
    return tuple(points) if finite else ()


def _facts(
    connection: duckdb.DuckDBPyConnection, source: str, cell: str, type_: str, said: str, count: int
) -> Iterator[str]:
    distinct, filled = connection.execute(f"SELECT count(DISTINCT {cell}), count({cell}) FROM {source}").fetchone()
    if 0 < filled < count:
        missing = count - filled
        yield f"{said} is missing in {missing} row{'s' * (missing != 1)}"
    if filled == 0:
        yield f"{said} has never been filled in"
        return
    if filled == distinct == count > 3 and type_ == "VARCHAR":
        yield f"{said} {_UNIQUE[zlib.crc32(said.encode()) % len(_UNIQUE)]}"
    elif type_ == "VARCHAR" and distinct > 4 and filled > distinct:
        yield f"{said} takes {distinct} different values"
    elif type_ in ("BIGINT", "DOUBLE") and distinct > 1:
        low, high = connection.execute(f"SELECT min({cell}), max({cell}) FROM {source}").fetchone()
        yield f"{said} lies between {low:.10g} and {high:.10g}"
