"""Notes of a data dictionary beside a request: what settles it, what is like it about something else, plain facts.

The twins of a request exchange two notes, so that no count of the words that request and notes share tells
them apart. Each has one definition and one aside, in the same two places::

    clear      a list of students goes from the oldest     courses are entered by hand
    ambiguous  a list of courses goes from the newest      students are entered by hand
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterator, Sequence

from envs_data.spider import edits
from envs_data.spider.drafts import Choice, Draft, listing, wordings
from envs_data.spider.drafts.threshold import rounded
from envs_data.spider.schema import DATE, NUMBER, OTHER, TEXT, Column, Database, Table, one_of

DIRECTIONS = ("descending", "ascending")
_SORTS = ("direction", "sort_key", "details", "typical", "threshold", "head", "few")
_OF_ORDER = ("direction", "sort_key")
_MAX_NOUN = 3
"""Words of a table's name that still make a noun in a sentence."""
_NO_NOUN = re.compile(r"(?:has|have|view|lives?|is|takes?|plays|ref|in) ")
"""How names of tables begin that make a poor noun, such as "has amenity"."""
_SORTABLE = (NUMBER, DATE, TEXT)
_LABELS = edits.stems(
    "id code key no number phone fax zip postal ssn isbn ref major advisor latitude longitude lat long president "
    "secretary treasurer year date highest lowest"
)
"""Words of columns that hold numbers and no quantity."""


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
    text = wording.format(**words)
    return re.sub(r"\b([Aa]) (?=[aeiouAEIOU](?!ni|se|ser|u))", r"\1n ", text)


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
    """Tables that the request does not name, those that its SQL does not use first."""
    tables = [t for t in database.tables if not _named(t, draft.text) and len(t.phrase.split()) <= _MAX_NOUN]
    tables = [t for t in tables if not t.name.lower().startswith("sqlite_")]
    tables = [t for t in tables if draft.about.table is None or t.name != draft.about.table.name]
    rng.shuffle(tables)
    return sorted(tables, key=lambda t: (_NO_NOUN.match(t.phrase) is not None, t.name.lower() in draft.tables))


def _named(table: Table, text: str) -> bool:
    return bool(edits.stems(table.phrase.split()[-1]) & edits.stems(text))


def _names(table: Table) -> Words:
    return {"T": one_of(table.phrase), "Ts": table.plural, "k": "", "w": ""}


def _subjects(draft: Draft, settled: Choice, database: Database, rng: random.Random) -> Iterator[Words]:
    """What a definition of the draft's sort may be about instead, the likest first."""
    tables = _others(draft, database, rng)
    if draft.sort == "direction" and draft.about.aggregate:
        yield from _aggregates(draft, rng)
    elif draft.sort in ("direction", "typical") or (draft.sort == "threshold" and not _counted(draft)):
        yield from _columns(draft, settled, tables, rng)
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


def _columns(draft: Draft, settled: Choice, tables: Sequence[Table], rng: random.Random) -> Iterator[Words]:
    """Columns of other tables, then of the draft's own, that the request does not name."""
    mine = draft.about.column
    flavours = (settled.flavour,) if settled.flavour in (NUMBER, DATE) else (NUMBER,)
    found = _column_pairs(draft, tables, flavours)
    if not found and draft.sort == "direction":
        found = _column_pairs(draft, tables, (NUMBER, DATE))
    if not found and draft.sort != "direction":
        found = _column_pairs(draft, tables, (NUMBER, OTHER))
    if not found and draft.sort == "typical":
        found = _column_pairs(draft, tables, (DATE,))
    if draft.sort == "threshold":
        kind = edits.kind_of(mine.phrase)
        found = sorted((f for f in found if f[1].quantiles), key=lambda f: edits.kind_of(f[1].phrase) != kind)
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
        elif draft.sort == "typical":
            yield {**_names(table), "k": "number of rows", "d": rng.choice(draft.choices).said}


def _column_pairs(draft: Draft, tables: Sequence[Table], flavours: Sequence[str]) -> list[tuple[Table, Column]]:
    said, mine, own = edits.stems(draft.text), draft.about.column, draft.about.table
    found = [(t, c) for t in tables for c in _sortable(t, flavours, said)]
    if own is not None:
        found += [(own, c) for c in _sortable(own, flavours, said) if mine is None or c.phrase != mine.phrase]
    return [(t, c) for t, c in found if c.flavour != OTHER or (c.quantiles and not edits.stems(c.phrase) & _LABELS)]


def _sortable(table: Table, flavours: Sequence[str], but: frozenset[str]) -> list[Column]:
    return [c for c in table.columns if c.flavour in flavours and not edits.stems(c.phrase) & but and not c.target]


def _limit(draft: Draft, settled: Choice, table: Table, column: Column, rng: random.Random) -> Words:
    """A limit on another column, in the words of the one settled on: "a low price", "price below 5"."""
    kind = edits.kind_of(column.phrase)
    above = any(draft.slot_cues[0] == pair[0] for pair in edits.ADJECTIVES.values())
    word = edits.ADJECTIVES[kind][0 if above else 1]
    value = rounded(column.quantiles[rng.choice((2, 3, 4) if above else (0, 1, 2))])
    op = settled.gloss.removeprefix(f"{draft.about.column.phrase} ").rpartition(" ")[0]
    noun = one_of(table.phrase) if kind == "age" else column.phrase
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
            phrases = list(dict.fromkeys(column.phrase for column in table.columns))
            if len(phrases) < 2:
                return None
            some = rng.sample(phrases, min(rng.choice((2, 2, 3, 3, 4)), len(phrases) - 1))
            listed = f"the {listing(sorted(some, key=phrases.index))}"
            words |= {"w": draft.about.word, "d": "every column"}
            if settled.value == "listed":
                words |= {"d": listed, "c": listed}
        case "threshold":
            words |= _count_or_years(draft, settled, table, rng)
        case "head":
            columns = [c for c in table.columns if " " in c.phrase and not re.search("^is | id$| code$", c.phrase)]
            columns = [c for c in columns if not edits.stems(c.phrase.split()[-1]) & said] or columns
            if not columns:
                return None
            column = rng.choice(columns)
            head = column.phrase.split()[-1]
            words |= {"w": head, "d": f"the full {head}" if settled.value == "both" else f"the {column.phrase}"}
            words["c"] = words["d"]
        case _:
            words["d"] = rng.choice(draft.choices).said
    return words


def _count_or_years(draft: Draft, settled: Choice, table: Table, rng: random.Random) -> Words:
    word = draft.slot_cues[0]
    op, _, value = settled.gloss.rpartition(" ")
    if word in ("many", "few"):
        return {"w": f"{word} {table.plural}", "d": f"{op} {rng.choice(('2', '3', '4', '5', '10', value))}"}
    year, _, rest = value.partition("-")
    year = str(int(year) + rng.choice((-5, -3, 0, 2, 5)))
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
    phrases = list(dict.fromkeys(column.phrase for column in table.columns))
    sortable = _sortable(table, (NUMBER, DATE), frozenset())
    if sort in (*_OF_ORDER, "typical"):
        if not sortable:
            return None
        column = rng.choice(sortable)
        words |= {"k": column.phrase, "d": _gloss(column.flavour, rng)}
        if sort == "typical":
            words["d"] = rng.choice(("the mean", "the median", "the most common value"))
    elif sort == "few":
        words["d"] = rng.choice(("3", "5", "10"))
    elif sort == "head":
        longer = [phrase for phrase in phrases if " " in phrase and not re.search("^is | id$| code$", phrase)]
        if not longer:
            return None
        phrase = rng.choice(longer)
        words |= {"w": phrase.split()[-1], "d": f"the {phrase}"}
    else:
        if len(phrases) < 3:
            return None
        words |= {"w": "details", "d": rng.choice(("every column", f"the {listing(phrases[:2])}"))}
    return _fill(rng.choice(wordings()["notes"][sort]), words)
