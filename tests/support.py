"""A tiny corpus for tests: eight tasks over two small databases, clear and ambiguous twins, three kinds.

``tiny_source(folder)`` builds the databases on first use. It is deterministic and picklable, so that
it can be handed to environments in other processes. Data and requests hold "£ ’ é 漢" on purpose.
"""

from __future__ import annotations

import functools
from pathlib import Path

import duckdb

from act_env.conversation import Action, Option, Provenance, Reading, Result, Slot, Task, transcript_hash
from act_env.tasks import TaskSource

ENVIRONMENT = "ActClarify-AmbigSQL-v0"

SCHEMAS = {
    "shop": """
        CREATE TABLE region (region_id INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO region VALUES (1, 'Île-de-France'), (2, '漢口'), (3, 'O’Hare');
        CREATE TABLE store (store_id INTEGER PRIMARY KEY, name TEXT, region_id INTEGER, gross_revenue DOUBLE,
                            net_revenue DOUBLE, opened_on DATE, closed_on DATE);
        INSERT INTO store VALUES
            (1, 'Café £', 1, 900.0, 700.5, '2011-02-01', NULL),
            (2, 'Dock', 1, 500.0, 410.0, '2015-06-09', '2021-01-01'),
            (3, 'Élan', 2, 1300.0, 640.25, '2018-11-30', NULL),
            (4, '漢堡', 2, 150.0, 120.0, '2020-03-15', '2023-05-05'),
            (5, 'Quay', 3, 720.0, 700.0, '2009-09-09', NULL);
    """,
    "bank": """
        CREATE TABLE branch (branch_id INTEGER PRIMARY KEY, city TEXT);
        INSERT INTO branch VALUES (1, 'Malmö'), (2, 'Orléans');
        CREATE TABLE loan (loan_id INTEGER PRIMARY KEY, branch_id INTEGER, holder TEXT, amount INTEGER,
                           years INTEGER, active BOOLEAN);
        INSERT INTO loan VALUES
            (1, 1, 'Ada', 1200, 12, TRUE), (2, 1, 'Bo', 300, 3, TRUE), (3, 2, 'Cy', 4500, 25, TRUE),
            (4, 2, 'Di', 800, 5, TRUE), (5, 2, 'Ed', 250, 2, FALSE);
    """,
}

TABLES = {
    "shop": "Tables:\nregion(region_id integer, name text)\n"
    "store(store_id integer, name text, region_id integer -> region, gross_revenue double, net_revenue double, "
    "opened_on date, closed_on date)",
    "bank": "Tables:\nbranch(branch_id integer, city text [Malmö|Orléans])\n"
    "loan(loan_id integer, branch_id integer -> branch, holder text, amount integer, years integer, active boolean)",
}

REVENUE = Slot(
    "revenue",
    ("revenue", "kind of revenue"),
    (
        Option(
            "net",
            "net revenue",
            ("net revenue", "net_revenue", "net"),
            ("I mean net revenue.", "Net revenue, please.", "The net figure."),
        ),
        Option(
            "gross",
            "gross revenue",
            ("gross revenue", "gross_revenue", "gross"),
            ("I mean gross revenue.", "Gross revenue, please.", "The gross figure."),
        ),
    ),
)
ORDER = Slot(
    "order",
    ("order", "direction", "sorted", "sort"),
    (
        Option(
            "descending",
            "from the highest to the lowest",
            ("descending", "highest first", "largest first", "high to low"),
            ("From the highest to the lowest.", "Highest first, please."),
        ),
        Option(
            "ascending",
            "from the lowest to the highest",
            ("ascending", "lowest first", "smallest first", "low to high"),
            ("From the lowest to the highest.", "Lowest first, please."),
        ),
    ),
)
LOANS = Slot(
    "loans",
    ("loans", "kind of loans", "long"),
    (
        Option(
            "over_ten",
            "loans that run for more than ten years",
            ("more than ten years", "over ten years", "ten years"),
            ("Those that run for more than ten years.", "Over ten years, please."),
        ),
        Option(
            "over_four",
            "loans that run for more than four years",
            ("more than four years", "over four years", "four years"),
            ("Those that run for more than four years.", "Over four years, please."),
        ),
        Option(
            "active",
            "loans that are still running",
            ("still running", "still active", "active"),
            ("Those that are still running.", "The active ones."),
        ),
    ),
)


def _execute(path: Path, sql: str, key: int | None) -> Result:
    """Runs gold SQL; ``key`` is the index of the column it orders by, from which the ranks come."""
    with duckdb.connect(str(path), read_only=True) as connection:
        cursor = connection.execute(sql)
        columns = tuple(column[0] for column in cursor.description)
        rows = tuple(cursor.fetchall())
    if key is None:
        return Result(columns, rows)
    ranks: list[int] = []
    for i, row in enumerate(rows):
        ranks.append(ranks[-1] if i and rows[i - 1][key] == row[key] else i)
    return Result(columns, rows, tuple(ranks))


def _database(folder: Path, name: str) -> Path:
    path = folder / f"{name}.duckdb"
    if not path.exists():
        with duckdb.connect(str(path)) as connection:
            connection.execute(SCHEMAS[name])
    return path


def _task(
    folder: Path, name: str, database: str, kind: str, request: str, notes, slots, readings, settled_by=""
) -> Task:
    """``readings``: (id, sql, gloss, slot values, index of the ordering column or None)."""
    path = _database(folder, database)
    built = tuple(
        Reading(rid, sql, gloss, values, _execute(path, sql, key), 1.0 / len(readings))
        for rid, sql, gloss, values, key in readings
    )
    context = TABLES[database] + "\nNotes:\n" + "\n".join(f"- {note}" for note in notes)
    offers = [" or ".join(option.gloss for option in slot.options) for slot in slots]
    return Task(
        id=f"tiny-{name}",
        environment=ENVIRONMENT,
        split="train",
        database=database,
        context=context,
        request=request,
        readings=built,
        slots=slots,
        gold_action=Action.CLARIFY if len(built) > 1 else Action.ANSWER,
        gold_question=f"Do you mean {', and '.join(offers)}?",
        kind=kind,
        group=f"tiny-{name[:-1]}",
        provenance=Provenance("tiny", "Apache-2.0", "tests"),
        settled_by=settled_by,
    )


def tiny_source(folder: Path) -> TaskSource:
    """Eight tasks: four requests, each clear (id ending in ``c``) and ambiguous (ending in ``a``).

    One ambiguous task has three readings of one slot, one has four readings of two slots.
    """
    folder = Path(folder)
    total = "What’s the total revenue in £?"
    net = ("net", "SELECT SUM(net_revenue) FROM store", "net revenue", {"revenue": "net"}, None)
    gross = ("gross", "SELECT SUM(gross_revenue) FROM store", "gross revenue", {"revenue": "gross"}, None)

    listing = "List the loans’ holders sorted by amount."
    ordered = {
        value: (value, f"SELECT holder FROM loan ORDER BY amount {word}", gloss, {"order": value}, 0)
        for value, word, gloss in (
            ("descending", "DESC", "from the highest to the lowest"),
            ("ascending", "ASC", "from the lowest to the highest"),
        )
    }

    counting = "How many long loans are there?"
    counted = {
        value: (value, f"SELECT COUNT(*) FROM loan WHERE {condition}", gloss, {"loans": value}, None)
        for value, condition, gloss in (
            ("over_ten", "years > 10", "loans that run for more than ten years"),
            ("over_four", "years > 4", "loans that run for more than four years"),
            ("active", "active", "loans that are still running"),
        )
    }

    ranked = "Show the stores’ names and revenue, sorted by it."
    both = [
        (
            f"{kind}_{value}",
            f"SELECT name, {kind}_revenue FROM store ORDER BY {kind}_revenue {word}",
            f"{kind} revenue, {value}",
            {"revenue": kind, "order": value},
            1,
        )
        for kind in ("net", "gross")
        for value, word in (("descending", "DESC"), ("ascending", "ASC"))
    ]
    means_net, falling = "revenue means net revenue", "lists run from the highest to the lowest"
    years, ranking = "long loans run for more than ten years", "revenue means net revenue, highest first"
    make = functools.partial(_task, folder)
    tasks = (
        make(
            "revenue-c", "shop", "information", total, [means_net, "stores open at nine"], (REVENUE,), [net], means_net
        ),
        make(
            "revenue-a",
            "shop",
            "information",
            total,
            ["revenue is in £", "stores open at nine"],
            (REVENUE,),
            [net, gross],
        ),
        make("order-c", "bank", "presentation", listing, [falling], (ORDER,), [ordered["descending"]], falling),
        make("order-a", "bank", "presentation", listing, ["lists have a title"], (ORDER,), [*ordered.values()]),
        make("long-c", "bank", "population", counting, [years], (LOANS,), [counted["over_ten"]], years),
        make("long-a", "bank", "population", counting, ["long loans are rare"], (LOANS,), [*counted.values()]),
        make("rank-c", "shop", "presentation", ranked, [ranking], (REVENUE, ORDER), both[:1], ranking),
        make("rank-a", "shop", "presentation", ranked, ["revenue is in £"], (REVENUE, ORDER), both),
    )
    return TaskSource.of("tiny", tasks, functools.partial(_database, folder))


def load(*, split: str, path: str | Path | None = None) -> TaskSource:
    """A loader, ``tests.support:load``: the tiny corpus as every split, its databases in folder ``path``."""
    if path is None:
        raise ValueError("tests.support:load needs path=, a folder for its databases")
    Path(path).mkdir(parents=True, exist_ok=True)
    return tiny_source(Path(path))


SCRIPT = ("What do you mean?", "Net or gross revenue, ascending or descending?", "SELECT 1 AS one", "é漢’£\x00")
"""What a scripted agent says, turn by turn, whatever the task."""


def play(env, seed: int, episodes: int = 2) -> list[str]:
    """Transcript hashes of a seed's episode and of those after it, played by the script."""
    hashes = []
    for number in range(episodes):
        observation, _ = env.reset(seed=seed if number == 0 else None)
        done = False
        while not done:
            observation, _, terminated, truncated, info = env.step(SCRIPT[observation["turn"] % len(SCRIPT)])
            done = terminated or truncated
        hashes.append(transcript_hash(info["episode"]))
    return hashes
