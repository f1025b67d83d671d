"""Drafts of ambiguous tasks: a person's question, edited or as it is, and the SQL of each of its readings.

The rules, by kind of ambiguity:

- presentation: ``direction`` (the question sorts by something named, and no longer says which end comes first),
  ``native_direction`` (it never said so, and nobody edited it), ``sort_key`` and ``ranked`` (it wants a sorted
  or ranked list, and no longer says by what), ``few`` (it no longer says how many the top few are);
- information: ``details`` (a list of columns became "the details");
- aggregate: ``typical`` (an average became a typical value);
- population: ``threshold`` (a limit became "old", "many", "a high price", "in recent years");
- column: ``head`` ("selling price" became "price").
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from envs_data.spider.drafts.base import About, Choice, Draft, Query, listing, relaxed, wordings
from envs_data.spider.drafts.details import details_drafts
from envs_data.spider.drafts.few import few_drafts
from envs_data.spider.drafts.head import head_drafts
from envs_data.spider.drafts.order import order_drafts
from envs_data.spider.drafts.threshold import threshold_drafts
from envs_data.spider.drafts.typical import typical_drafts
from envs_data.spider.kept import Kept
from envs_data.spider.schema import Database
from envs_data.spider.sense import contradiction

__all__ = ["About", "Choice", "Draft", "Query", "drafts", "listing", "relaxed", "wordings"]

_MAX_TEXT = 500


def drafts(kept: Kept, database: Database) -> Iterator[Draft | str]:
    """The drafts of one kept question; a str is the reason why a rule that began to fit gave none."""
    text = kept.question.text
    if len(text) > _MAX_TEXT:
        return
    tree = sqlglot.parse_one(kept.sql, dialect="duckdb")
    if not isinstance(tree, exp.Select):
        return
    if (why := contradiction(text, tree, database)) is not None:
        yield f"question: {why}"
        return
    query = Query(tree, database)
    if tree.args.get("order") and not tree.args.get("limit"):
        yield from order_drafts(text, query)
    for rule in (details_drafts, head_drafts, typical_drafts, threshold_drafts, few_drafts):
        yield from rule(text, query)
