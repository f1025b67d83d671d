from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from act_env.errors import CutThroughTie, ParseError, SandboxError
from act_env.sql.readings import canonical, find_statement, order_keys
from act_env.sql.sandbox import Sandbox

Q = "SELECT SUM(net_revenue) FROM sale"


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (Q, Q),
        (f"  {Q};  ", Q),
        (f"Here you go: {Q}", Q),
        (f"Here you go: {Q.lower()}", Q.lower()),
        (f"Here you go:\n\n{Q}\n\nThis sums the net revenue.", Q),
        (f"{Q}. Is that what you meant?", Q),
        (f"{Q}\nOr do you mean gross?", Q),
        (f"{Q}; or do you mean gross?", Q),
        (f"Do you mean net? {Q}", Q),
        (f"The query {Q}", Q),
        (f"```sql\n{Q};\n```", Q),
        (f"```\n{Q}\n```\nLet me know!", Q),
        (f"```SQL\n{Q}", Q),
        (f"`{Q}`", Q),
        (f"**{Q}**", Q),
        (f'"{Q}"', Q),
        (f"“{Q}”", Q),
        (f"> {Q}", Q),
        (f"```sql\n{Q}\n```\n```sql\n{Q}\n```", Q),
        ("```sql\nSELECT 1\n```\nor\n```sql\nSELECT 2\n```", "SELECT 1;\nSELECT 2"),
        ("SELECT 1; DROP TABLE t", "SELECT 1; DROP TABLE t"),
        ("SELECT name\nFROM product\nORDER BY list_price DESC", "SELECT name\nFROM product\nORDER BY list_price DESC"),
        ("SELECT 'what? a. b; c' AS s FROM t", "SELECT 'what? a. b; c' AS s FROM t"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x"),
        ("(SELECT 1) UNION (SELECT 2)", "(SELECT 1) UNION (SELECT 2)"),
        ("from product select name", "from product select name"),
        ("FROM product", "FROM product"),
        ("VALUES (1)", "VALUES (1)"),
        ("DROP TABLE store", "DROP TABLE store"),
        ("delete from store", "delete from store"),
        ("PRAGMA database_list", "PRAGMA database_list"),
        ("ATTACH 'x.db'", "ATTACH 'x.db'"),
        ("SELECT name FROM 漢 WHERE x = '£ ’ é'", "SELECT name FROM 漢 WHERE x = '£ ’ é'"),
        ("Voilà – \ud800 !\nSELECT 1", "SELECT 1"),
        ("Do you mean gross or net?", None),
        ("Do you mean to select gross or net?", None),
        ("Select gross or net?", None),
        ("Select net revenue", None),
        ("Should I list them from the highest to the lowest?", None),
        ("From the highest, or from the lowest?", None),
        ("From region", None),
        ("Do you mean:\nfrom lowest\nfrom highest", None),
        ("With net revenue, or with gross revenue?", None),
        ("Which values: gross or net?", None),
        ("Values?", None),
        ("Table or view?", None),
        ("Use net", None),
        ("Show revenue", None),
        ("Describe it", None),
        ("Set it to net?", None),
        ("Analyze", None),
        ("Commit", None),
        ("Call it a day.", None),
        ("Do you mean the `name` or the `select` column?", None),
        ("I could select names from store.", None),
        ("What do you mean by “revenue”?", None),
        ("SELECT nam FROM", None),
        ("SELECT a FROM t WHERE b = ?", None),
        ("SELECT '\ud800'", None),
        ("```\n```", None),
        ("", None),
        (";", None),
        ("-- nothing", None),
    ],
)
def test_find_statement(text: str, statement: str | None) -> None:
    assert find_statement(text) == statement


@given(st.text(max_size=80) | st.text(alphabet="SELCTFROM selctfrom;:`'\"()*?.\n\0\ud800漢,1", max_size=60))
@settings(deadline=None, max_examples=150)
def test_find_statement_takes_any_text(text: str) -> None:
    for wrapped in (text, f"SELECT {text}", f"```sql\n{text}\n```"):
        found = find_statement(wrapped)
        assert found is None or found.replace(";\n", "") in wrapped.replace(";\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 4000,
        "WITH a AS (" * 300 + "SELECT 1",
        "SELECT 1;" * 400,
        "SELECT " * 500,
        "```" * 1000,
        "\n" * 9999,
    ],
)
def test_find_statement_is_not_held_up(text: str) -> None:
    start = time.monotonic()
    find_statement(text)
    assert time.monotonic() - start < 6
    assert find_statement("SELECT 1") == "SELECT 1"


def test_canonical_keeps_what_counts() -> None:
    assert canonical(" SELECT  a,\n\tb FROM t ;") == "SELECT a, b FROM t"
    assert canonical("SELECT 'a  b', \"c  d\"") == "SELECT 'a  b', \"c  d\""
    assert canonical("SELECT 'it''s  it'") == "SELECT 'it''s  it'"
    assert canonical("SELECT 1 -- a\n + 1") != canonical("SELECT 1 -- a + 1")
    assert canonical("SELECT e'\\'  '") == "SELECT e'\\'  '"


def test_order_keys() -> None:
    assert order_keys("SELECT a FROM t ORDER BY b DESC, 1") == ("b DESC", "1")
    assert order_keys("SELECT * FROM (SELECT a FROM t ORDER BY b)") == ()


@pytest.mark.parametrize(
    ("sql", "ranks"),
    [
        ("SELECT name FROM store", None),
        ("SELECT name FROM store LIMIT 4", None),
        ("SELECT count(*) FROM (SELECT * FROM store ORDER BY name LIMIT 2)", None),
        ("SELECT name FROM store ORDER BY store_id", (0, 1, 2, 3)),
        ("SELECT name FROM store ORDER BY floor_area DESC", (0, 1, 1, 2)),
        ("SELECT name FROM store ORDER BY floor_area, name DESC", (0, 1, 2, 3)),
        ("SELECT name FROM store ORDER BY -floor_area, opened_on IS NULL", (0, 1, 2, 3)),
        ("SELECT name FROM store ORDER BY opened_on NULLS FIRST LIMIT 2", (0, 1)),
        ("SELECT name FROM store ORDER BY floor_area LIMIT 3", (0, 1, 1)),
        ("SELECT name FROM store ORDER BY floor_area LIMIT 2 OFFSET 1", (0, 0)),
        ("SELECT floor_area FROM store ORDER BY floor_area LIMIT 2", (0, 1)),
        ("SELECT name AS floor_area FROM store ORDER BY floor_area", (0, 1, 2, 3)),
        ("SELECT DISTINCT floor_area FROM store ORDER BY 1", (0, 1, 2)),
        ("SELECT DISTINCT lower(name) FROM store ORDER BY lower(name)", (0, 1, 2, 3)),
        ("SELECT floor_area FROM store UNION ALL SELECT 40 ORDER BY floor_area", (0, 0, 1, 1, 2)),
        ("FROM store ORDER BY floor_area", (0, 1, 1, 2)),
        ("SELECT floor_area, count(*) FROM store GROUP BY ALL ORDER BY count(*) DESC", (0, 1, 1)),
        ("SELECT floor_area, count(*) AS n FROM store GROUP BY floor_area ORDER BY n, floor_area", (0, 1, 2)),
        ("SELECT name FROM store ORDER BY ALL", (0, 1, 2, 3)),
        ("WITH s AS (SELECT * FROM store) SELECT name FROM s ORDER BY floor_area DESC LIMIT 1", (0,)),
        ("(SELECT name FROM store ORDER BY floor_area)", (0, 1, 1, 2)),
        (
            "SELECT name, sum(amount) FROM store JOIN sale USING (store_id) GROUP BY name ORDER BY sum(amount)",
            (0, 1, 2, 3),
        ),
    ],
)
def test_gold_ranks(sandbox: Sandbox, sql: str, ranks: tuple[int, ...] | None) -> None:
    gold = sandbox.gold(sql)
    assert gold.ranks == ranks
    assert gold.rows == sandbox.execute(sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM store LIMIT 2",
        "SELECT name FROM store ORDER BY floor_area LIMIT 2",
        "SELECT name FROM store ORDER BY floor_area OFFSET 2",
        "SELECT name FROM store ORDER BY floor_area DESC LIMIT 50%",
        "SELECT count(*) FROM sale WHERE store_id = (SELECT store_id FROM store ORDER BY floor_area OFFSET 1 LIMIT 1)",
        "WITH s AS (SELECT name FROM store ORDER BY floor_area LIMIT 2) SELECT * FROM s",
        "WITH s AS (SELECT * FROM store) SELECT * FROM (SELECT name FROM s LIMIT 1)",
        "SELECT (SELECT amount FROM sale WHERE sale.store_id = store.store_id LIMIT 1) FROM store",
        "SELECT i FROM range(5000) AS t(i) ORDER BY i // 4000 LIMIT 3",
    ],
)
def test_gold_that_the_data_do_not_determine(sandbox: Sandbox, sql: str) -> None:
    with pytest.raises(CutThroughTie) as caught:
        sandbox.gold(sql)
    assert caught.value.kind == "cut_through_tie"


@pytest.mark.parametrize(
    "sql", ["DROP TABLE store", "nothing at all", "SELECT nothing FROM store", "SELECT 1; SELECT 2"]
)
def test_gold_refuses_what_the_sandbox_does(sandbox: Sandbox, sql: str) -> None:
    with pytest.raises(SandboxError):
        sandbox.gold(sql)


def test_order_keys_of_no_query() -> None:
    with pytest.raises(ParseError):
        order_keys("SELECT FROM WHERE")
