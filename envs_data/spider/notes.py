"""Notes of a data dictionary beside a request: what settles it, what is like it about something else, plain facts.

The twins of a request exchange two notes, so that no count of the words that request and notes share tells
them apart. Each has one definition and one aside, in the same two places::

    clear      a list of students goes from the oldest     courses are entered by hand
    ambiguous  a list of courses goes from the newest      students are entered by hand
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence

from envs_data.spider import edits
from envs_data.spider.drafts import Choice, Draft, listing, wordings
from envs_data.spider.drafts.head import is_fit
from envs_data.spider.drafts.threshold import rounded
from envs_data.spider.schema import DATE, NUMBER, TEXT, Column, Database, Table
from envs_data.spider.splits import noun_of

DIRECTIONS = ("descending", "ascending")
_SORTS = ("direction", "sort_key", "details", "typical", "threshold", "head", "few")
_OF_ORDER = ("direction", "sort_key")
_SORTABLE = (NUMBER, DATE, TEXT)
_PERSONAL = frozenset(("first", "last", "middle", "family", "given", "other"))
"""Words before "name" that make it one of several parts."""


Words = dict[str, str]
"""What fills a wording: T, Ts, k, w, d (the definition) and c (some columns). ``any_flavour`` and ``any_limit`` ask
the request's own definition for words that fit both."""


@dataclasses.dataclass(frozen=True)
class Exchange:
    """The two notes that differ between twins: ``settles`` and ``aside`` in the clear one, ``other`` and
    ``own_aside``, which is about the request, in the ambiguous one. ``more`` stands in both."""

    settles: str
    aside: str
    other: str
    own_aside: str
    more: tuple[str, ...] = ()


def _fill(wording: str, words: Words) -> str:
    return edits.articles(wording.format(**words))


def exchange(draft: Draft, settled: Choice, database: Database, rng: random.Random) -> Exchange | None:
    """The notes that make the draft's request mean ``settled``, and their counterparts; None where nothing else in
    the database can be spoken of in the same way."""
    own, form = _own(draft, settled), _form(draft, rng)
    found = list(_subjects(draft, settled, database, rng))
    if form == "direction_table":
        # It speaks of all of a table's lists: of another table's, or it would settle the request too.
        elsewhere = [words for words in found if words["Ts"] != own["Ts"]]
        form, found = (form, elsewhere) if elsewhere else ("direction", found)
    if not found:
        return None
    other = found[0]
    if other.get("any_flavour"):
        own["d"] = _any_gloss(settled.value)
    if other.get("any_limit"):
        own["d"] = own["d"].removeprefix(f"{own['k']} ")
    define, tell = (
        rng.choice(wordings()["notes"][form]),
        rng.choice(wordings()["asides"][_aside_form(form, own, other)]),
    )
    more = ()
    if rng.random() < 0.3 and len(found) > 1:
        more = (_fill(rng.choice([w for w in wordings()["notes"][form] if w != define]), found[1]),)
    made = Exchange(_fill(define, own), _fill(tell, other), _fill(define, other), _fill(tell, own), more)
    different = {made.settles, made.other, made.aside, made.own_aside, *made.more}
    return made if len(different) == 4 + len(more) else None


def _form(draft: Draft, rng: random.Random) -> str:
    """Which wordings fit: a draft whose request does not name its table needs those that name none."""
    about = draft.about
    if draft.sort == "direction":
        if about.aggregate or about.table is None:
            return "direction_aggregate"
        # A note on all lists of a table is clear only where the request is about that table alone.
        return "direction_table" if len(draft.tables) == 1 and rng.random() < 0.4 else "direction"
    return "typical_bare" if draft.sort == "typical" and about.table is None else draft.sort


def _aside_form(form: str, own: Words, other: Words) -> str:
    """An aside names the columns that the definition names beside the request's word, so that none is named less."""
    if form == "details" and "c" in own and "c" in other:
        return "details_columns"
    if form == "threshold" and own["k"] and other["k"] and own["k"] not in own["w"]:
        return "threshold_column"
    return form


def _own(draft: Draft, settled: Choice) -> Words:
    words = {**draft.about.names, "d": settled.said}
    if draft.sort == "sort_key":
        words["k"], _, words["d"] = settled.gloss.removeprefix("by ").rpartition(", ")
    if draft.sort == "head" or (draft.sort == "details" and settled.value == "listed"):
        words["c"] = settled.said
    return words


def _others(draft: Draft, database: Database, rng: random.Random) -> list[Table]:
    """Tables that the request does not name and whose rows have a noun, those that its SQL does not use first."""
    tables = [t for t in database.tables if t.has_noun and t.rows and not _named(t, draft.text)]
    tables = [t for t in tables if draft.about.table is None or t.name != draft.about.table.name]
    if draft.sort in _OF_ORDER:
        # What a row refers to may be more about it: "people" of body builders. Its order would be theirs too.
        kin = {c.target for t in database.tables if t.name.lower() in draft.tables for c in t.columns}
        tables = [t for t in tables if t.name.lower() not in draft.tables and t.name not in kin]
    if draft.sort == "threshold":
        # "many characteristic types" may bear on "many characteristics".
        tables = [t for t in tables if not edits.stems(t.noun) & edits.stems(draft.text)]
    rng.shuffle(tables)
    return sorted(tables, key=lambda t: t.name.lower() in draft.tables)


def _named(table: Table, text: str) -> bool:
    return bool(edits.stems(table.phrase.split()[-1]) & edits.stems(text))


def _names(table: Table) -> Words:
    return {"T": table.one, "Ts": table.plural, "k": "", "w": ""}


def _subjects(draft: Draft, settled: Choice, database: Database, rng: random.Random) -> Iterator[Words]:
    """What a definition of the draft's sort may be about instead, the likest first."""
    tables = _others(draft, database, rng)
    if draft.sort == "direction" and draft.about.aggregate:
        yield from _aggregates(draft, rng)
    elif draft.sort in ("direction", "typical") or (draft.sort == "threshold" and not _counted(draft)):
        yield from _columns(draft, settled, tables, database, rng)
    else:
        for table in tables:
            if (words := _of_table(draft, settled, table, rng)) is not None:
                yield words


def _counted(draft: Draft) -> bool:
    """Whether a limit is one on how many things there are, or on years."""
    return draft.slot_cues[0] in ("many", "few", "recent years", "early years")


def _aggregates(draft: Draft, rng: random.Random) -> Iterator[Words]:
    said = edits.stems(draft.text)
    kinds = [k for k in ("an average", "a percentage", "a maximum", "a minimum") if not edits.stems(k) & said]
    kinds = [k for k in kinds if k != draft.about.aggregate]
    rng.shuffle(kinds)
    for kind in kinds:
        yield {"T": "", "Ts": "", "k": kind, "w": "", "d": _gloss("number", rng)}


def _any_gloss(way: str) -> str:
    return wordings()["direction"]["any"][way]["gloss"]


def _gloss(flavour: str, rng: random.Random) -> str:
    return wordings()["direction"][flavour][rng.choice(DIRECTIONS)]["gloss"]


def _columns(
    draft: Draft, settled: Choice, tables: Sequence[Table], database: Database, rng: random.Random
) -> Iterator[Words]:
    """Columns of other tables, then of the draft's own, that the request does not name."""
    flavours = (settled.flavour,) if settled.flavour in (NUMBER, DATE) else (NUMBER,)
    found = _column_pairs(draft, tables, database, flavours)
    if not found and draft.sort == "direction":
        found = _column_pairs(draft, tables, database, (NUMBER, DATE))
    if draft.sort == "direction":
        found = sorted(found, key=lambda f: f[1].flavour == NUMBER and not f[1].is_measure)
    else:
        found = [(table, column) for table, column in found if column.is_measure]
    if draft.sort == "threshold":
        kind = edits.kind_of(draft.about.column.phrase)
        found = sorted(found, key=lambda f: edits.kind_of(f[1].phrase) != kind)
    seen = set()
    for table, column in found:
        if column.phrase in seen:
            continue
        seen.add(column.phrase)
        words = {**_names(table), "k": column.phrase}
        if draft.sort == "direction":
            words["d"] = _gloss(column.flavour, rng)
            if column.flavour != settled.flavour:
                words |= {"d": _any_gloss(rng.choice(DIRECTIONS)), "any_flavour": "yes"}
        elif draft.sort == "typical":
            words["d"] = rng.choice(draft.choices).said
        else:
            words |= _limit(draft, settled, table, column, rng)
        yield words
    for table in tables:
        if draft.sort == "threshold":
            yield _limit_on_rows(draft, settled, table, rng)


def _column_pairs(
    draft: Draft, tables: Sequence[Table], database: Database, flavours: Sequence[str]
) -> list[tuple[Table, Column]]:
    said, mine, own = edits.stems(draft.text), draft.about.column, draft.about.table
    found = [(t, c) for t in tables for c in _sortable(t, flavours, said)]
    if own is not None:
        mates = [own]
    else:
        # Its notes name no table, so that any will do.
        mates = [t for t in database.tables if t.name.lower() in draft.tables and t not in tables]
    found += [(t, c) for t in mates for c in _sortable(t, flavours, said) if mine is None or c.phrase != mine.phrase]
    return found


def _sortable(table: Table, flavours: Sequence[str], but: frozenset[str]) -> list[Column]:
    return [c for c in table.columns if c.flavour in flavours and not edits.stems(c.phrase) & but and not c.is_key]


def _limit(draft: Draft, settled: Choice, table: Table, column: Column, rng: random.Random) -> Words:
    """A limit on another column, in the words of the one settled on: "a low price", "price below 5"."""
    kind = edits.kind_of(column.phrase)
    above = any(draft.slot_cues[0] == pair[0] for pair in edits.ADJECTIVES.values())
    word = edits.ADJECTIVES[kind][0 if above else 1]
    value = rounded(column.quantiles[rng.choice((2, 3, 4) if above else (0, 1, 2))])
    op = settled.gloss.removeprefix(f"{draft.about.column.phrase} ").rpartition(" ")[0]
    noun = table.one if kind == "age" else column.phrase
    return {"w": edits.with_article(word, noun), "d": f"{column.phrase} {op} {value}"}


def _limit_on_rows(draft: Draft, settled: Choice, table: Table, rng: random.Random) -> Words:
    """A limit on how many there are, in the words of one on a column: "many courses", "above 5"."""
    above = any(draft.slot_cues[0] == pair[0] for pair in edits.ADJECTIVES.values())
    op = settled.gloss.removeprefix(f"{draft.about.column.phrase} ").rpartition(" ")[0]
    value = rng.choice(("3", "4", "5", "10"))
    return {
        **_names(table),
        "w": f"{'many' if above else 'few'} {table.plural}",
        "d": f"{op} {value}",
        "any_limit": "yes",
    }


def _of_table(draft: Draft, settled: Choice, table: Table, rng: random.Random) -> Words | None:
    """The same definition for another table."""
    words, said = _names(table), edits.stems(draft.text)
    match draft.sort:
        case "sort_key":
            columns = _sortable(table, (settled.flavour,), said) or _sortable(table, _SORTABLE, frozenset())
            if not columns:
                return None
            column = rng.choice(columns)
            way = "ascending" if column.flavour == TEXT else rng.choice(DIRECTIONS)
            words |= {"k": column.phrase, "d": wordings()["direction"][column.flavour][way]["gloss"]}
        case "details":
            if (listed := _listed(table, rng)) is None:
                return None
            words |= {"w": draft.about.word, "d": "every column"}
            if settled.value == "listed":
                words |= {"d": listed, "c": listed}
        case "threshold":
            if (more := _count_or_years(draft, settled, table, rng)) is None:
                return None
            words |= more
        case "head":
            phrases = [p for p in _longer(table) if not edits.stems(p.split()[-1]) & said] or _longer(table)
            if not phrases:
                return None
            phrase = rng.choice(phrases)
            words |= {"w": phrase.split()[-1], "d": f"the {phrase}", "c": f"the {phrase}"}
        case _:
            words["d"] = rng.choice(draft.choices).said
    return words


def _listed(table: Table, rng: random.Random) -> str | None:
    """Some columns that may be what the details are: what a row is called, and something beside."""
    labels = [c.phrase for c in table.labels]
    rest = list(dict.fromkeys(c.phrase for c in table.columns if not c.is_key and not c.is_label))
    if not labels or not rest:
        return None
    return f"the {listing([labels[0], *rest[: min(rng.choice((1, 1, 2, 2, 3)), max(1, len(rest) - 1))]])}"


def _longer(table: Table) -> list[str]:
    """Phrases of columns whose noun, alone, may stand for them, as "price" for "ticket price"; no part of a name."""
    found = []
    for column in table.columns:
        before, _, head = column.phrase.rpartition(" ")
        own = edits.stems(before) & edits.stems(table.phrase) or _PERSONAL & set(before.split())
        if before and not own and not column.is_key and is_fit(head) and noun_of("", head):
            found.append(column.phrase)
    return list(dict.fromkeys(found))


def _count_or_years(draft: Draft, settled: Choice, table: Table, rng: random.Random) -> Words | None:
    """A limit on how many of the table's rows there are, or on its years, where it has any."""
    word = draft.slot_cues[0]
    op, _, value = settled.gloss.rpartition(" ")
    if word in ("many", "few"):
        return {"w": f"{word} {table.plural}", "d": f"{op} {rng.choice(('2', '3', '4', '5', '10', value))}"}
    dated = [c for c in table.columns if c.flavour == DATE and not edits.stems(c.phrase) & edits.stems("birth dob")]
    points = [c.quantiles for c in dated if c.quantiles]
    if not points:
        return None
    _, _, rest = value.partition("-")
    year = rounded(rng.choice(points)[rng.choice((2, 3) if word == "recent years" else (1, 2))], years=True)
    return {"w": f"{word} of {table.plural}", "d": f"{op} {year}{'-' + rest if rest else ''}"}


def fillers(draft: Draft, database: Database, rng: random.Random, count: int) -> list[str]:
    """Notes that settle nothing: a fact about what the request names, a definition of another sort, other facts."""
    own = [fact for t in database.tables if t.name.lower() in draft.tables for fact in t.facts]
    other = [fact for t in database.tables if t.name.lower() not in draft.tables for fact in t.facts]
    named = [fact for fact in own if len(edits.stems(fact) & edits.stems(draft.text)) > 1]
    found = rng.sample(named or own, min(1, count, len(named or own)))
    if len(found) < count and rng.random() < 0.5 and (note := _of_another_sort(draft, database, rng)) is not None:
        found.append(note)
    pool = [fact for fact in own + other if fact not in found]
    found += rng.sample(pool, min(max(0, count - len(found)), len(pool)))
    rng.shuffle(found)
    return found


def _of_another_sort(draft: Draft, database: Database, rng: random.Random) -> str | None:
    # Any note on sorting would bear on a request that leaves the order open.
    closed = (*_OF_ORDER, "few") if draft.sort in _OF_ORDER else (draft.sort,)
    tables = _others(draft, database, rng)
    if not tables:
        return None
    table, sort = tables[0], rng.choice([s for s in _SORTS if s not in (*closed, "threshold")])
    words = _names(table)
    sortable = _sortable(table, (NUMBER, DATE), frozenset())
    if sort in (*_OF_ORDER, "typical"):
        if sort == "typical":
            sortable = [column for column in sortable if column.is_measure]
        if not sortable:
            return None
        column = rng.choice(sortable)
        words |= {"k": column.phrase, "d": _gloss(column.flavour, rng)}
        if sort == "typical":
            words["d"] = rng.choice(("the mean", "the median", "the most common value"))
    elif sort == "few":
        words["d"] = rng.choice(("3", "5", "10"))
    elif sort == "head":
        if not (longer := _longer(table)):
            return None
        phrase = rng.choice(longer)
        words |= {"w": phrase.split()[-1], "d": f"the {phrase}"}
    else:
        if (listed := _listed(table, rng)) is None:
            return None
        words |= {"w": "details", "d": rng.choice(("every column", listed))}
    return _fill(rng.choice(wordings()["notes"][sort]), words)
