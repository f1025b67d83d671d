"""Edits of people's questions that leave something open: text in, text out, or None where no edit is safe.

An edit must leave a trace of what it took away (a "sorted", a "details", an "old"): deleting without a trace
gives another clear question. And nothing that stays may resolve it. ``tests/fixtures/spider`` holds the cases.
"""

from __future__ import annotations

from envs_data.spider.edits.details import list_to_details
from envs_data.spider.edits.few import number_to_few
from envs_data.spider.edits.head import name_to_head
from envs_data.spider.edits.order import (
    drop_direction,
    drop_sort_key,
    has_direction,
    is_chronological,
    names_two_keys,
    orders_by,
)
from envs_data.spider.edits.threshold import ADJECTIVES, column_limit, count_limit, kind_of, year_limit
from envs_data.spider.edits.typical import average_to_typical
from envs_data.spider.edits.words import articles, stem, stems, tidy, with_article

__all__ = [
    "ADJECTIVES",
    "articles",
    "average_to_typical",
    "column_limit",
    "count_limit",
    "drop_direction",
    "drop_sort_key",
    "has_direction",
    "is_chronological",
    "kind_of",
    "list_to_details",
    "name_to_head",
    "names_two_keys",
    "number_to_few",
    "orders_by",
    "stem",
    "stems",
    "tidy",
    "with_article",
    "year_limit",
]
