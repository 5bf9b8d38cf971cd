"""One SELECT, judged by its results."""

import pickle
from typing import Any

import pytest

from assaygym.errors import DataError, VerifierError
from assaygym.types import Verdict
from assaygym.verifiers import SqlTests, sql
from assaygym.verifiers.sqlite import SqlCase, extract_query

SCHEMA = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price REAL, data BLOB);"
ONE = {"t": [[1, "a", 1.5, None], [2, "b", None, None], [3, "b", 2.25, None]]}
TWO = {"t": [[4, "c", 0.1, None], [5, "c", 0.2, None]]}


def hidden(query: str = "SELECT name, price FROM t", *, ordered: bool = False) -> SqlTests:
    return SqlTests.of(SCHEMA, [ONE, TWO], query, ordered=ordered)


def score(query: str, answer: SqlTests | None = None) -> float:
    found = sql()(f"```sql\n{query}\n```", answer or hidden())
    assert found.verdict is not Verdict.INVALID
    return found.value


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name, price FROM t",
        "select t.name as x, t.price from t order by id desc;",
        "WITH u AS (SELECT * FROM t) SELECT name, price FROM u",
        "SELECT name, price FROM t WHERE id < 3 UNION ALL SELECT name, price FROM t WHERE id >= 3",
        "SELECT name, price + 0.00000000001 FROM t",
        "SELECT name, price FROM t -- why not",
    ],
)
def test_a_query_with_the_right_rows_is_right(query: str) -> None:
    assert score(query) == 1.0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name FROM t",
        "SELECT name, price, id FROM t",
        "SELECT price, name FROM t",
        "SELECT DISTINCT name, price FROM t WHERE price > 1",
        "SELECT name, COALESCE(price, 0) FROM t",
        "SELECT upper(name), price FROM t",
        "SELECT name, price FROM t UNION ALL SELECT name, price FROM t",
        "SELECT name, CAST(price AS TEXT) FROM t",
        "SELECT 1",
        "SELECT 'a', 1.5 UNION ALL SELECT 'b', NULL UNION ALL SELECT 'b', 2.25",
        "SELECT name, price FROM nowhere",
        "SELECT",
        "",
    ],
)
def test_a_query_with_other_rows_is_wrong(query: str) -> None:
    assert score(query) == 0.0


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "INSERT INTO t VALUES (9, 'z', 1, NULL)",
        "DROP TABLE t",
        "CREATE TABLE u AS SELECT * FROM t",
        "ATTACH ':memory:' AS other",
        "PRAGMA table_info(t)",
        "SELECT name, 1 FROM pragma_table_info('t')",
        "SELECT name, sql FROM sqlite_master",
        "SELECT load_extension('x'), 1",
        "SELECT randomblob(10), 1",
        "SELECT name, price FROM t; DELETE FROM t",
        "SELECT name, price FROM t; SELECT name, price FROM t",
        "BEGIN",
        "VACUUM INTO 'copy.db'",
        "EXPLAIN SELECT name, price FROM t",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n",
        "SELECT a.id, b.id FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n, t o, t p, t q",
        "SELECT printf('%.*c', 900000000, 'x'), 1",
        "SELECT group_concat(hex(zeroblob(100000))), 1 FROM t",
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
        "SELECT '\ud800', 1",
        "SELECT name, price FROM t\x00",
        "SELECT '" + "a" * 30_000 + "', 1",
    ],
)
def test_writing_flooding_and_looking_elsewhere_earn_nothing_and_are_no_fault_of_ours(query: str) -> None:
    assert score(query) == 0.0


def test_order_counts_only_where_it_is_asked_for() -> None:
    ordered = hidden("SELECT id, name FROM t ORDER BY id DESC", ordered=True)
    assert score("SELECT id, name FROM t ORDER BY id DESC", ordered) == 1.0
    assert score("SELECT id, name FROM t ORDER BY id", ordered) == 0.0
    assert score("SELECT id, name FROM t ORDER BY id", hidden("SELECT id, name FROM t")) == 1.0


def test_every_database_counts() -> None:
    assert score("SELECT name, price FROM t WHERE name <> 'c'") == 0.0


def test_integers_and_floats_of_one_value_are_equal_and_text_is_not() -> None:
    answer = hidden("SELECT COUNT(*) FROM t")
    assert score("SELECT COUNT(*) * 1.0 FROM t", answer) == 1.0
    assert score("SELECT COUNT(*) || '' FROM t", answer) == 0.0


def test_sums_of_floats_may_come_in_any_order() -> None:
    values = {"t": [[i, "a", 0.1 * i, None] for i in range(50)]}
    answer = SqlTests.of(SCHEMA, [values], "SELECT SUM(price) FROM t")
    assert score("SELECT SUM(price) FROM (SELECT price FROM t ORDER BY price DESC)", answer) == 1.0
    assert score("SELECT SUM(price) + 0.01 FROM t", answer) == 0.0


def test_blobs_and_infinities_cross_as_what_they_are() -> None:
    answer = SqlTests.of(SCHEMA, [ONE], "SELECT x'00ff', 9e999")
    assert score("SELECT x'00FF', 9e999", answer) == 1.0
    assert score("SELECT x'00fe', 9e999", answer) == 0.0
    assert score("SELECT x'00ff', -9e999", answer) == 0.0


@pytest.mark.parametrize(
    ("response", "query"),
    [
        ("```sql\nSELECT 1\n```", "SELECT 1"),
        ("First\n```sql\nSELECT 1\n```\nno:\n```sql\nSELECT 2\n```", "SELECT 2"),
        ("```\nSELECT 3\n```", "SELECT 3"),
        ("```python\nx\n```", None),
        ("```SQLite\nSELECT 4", "SELECT 4"),
        ("  select 5", "select 5"),
        ("<think>```sql\nSELECT 6\n```</think>\n```sql\nSELECT 7\n```", "SELECT 7"),
        ("I would select all", None),
        ("", None),
    ],
)
def test_the_query_is_the_last_block_or_the_whole_text(response: str, query: str | None) -> None:
    assert extract_query(response) == query


def test_no_query_is_unparsed() -> None:
    assert sql()("I do not know.", hidden()).verdict is Verdict.UNPARSED


def test_the_explanation_tells_no_expected_value() -> None:
    assert "2.25" not in sql()("SELECT name, 0 FROM t", hidden()).explanation


@pytest.mark.parametrize(
    ("schema", "databases", "query"),
    [(SCHEMA, [], "SELECT 1"), ("nonsense", [ONE], "SELECT 1"), (SCHEMA, [ONE], "SELECT y FROM t")],
)
def test_tests_that_cannot_be_made_are_refused(schema: str, databases: list[Any], query: str) -> None:
    with pytest.raises(DataError):
        SqlTests.of(schema, databases, query)


def test_a_schema_at_fault_is_ours() -> None:
    with pytest.raises(VerifierError, match="databases could not be made"):
        sql()("SELECT 1", SqlTests("nonsense", (SqlCase({}, ((1,),)),), 1))


def test_the_verifier_and_its_tests_pickle() -> None:
    verifier, answer = pickle.loads(pickle.dumps((sql(), hidden())))
    assert verifier("SELECT name, price FROM t", answer).value == 1.0
