"""What is run, what is refused unread, what is left to SQLite alone."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from assaygym.errors import MissingDependencyError
from assaygym.types import Verdict
from assaygym.verifiers import SqlTests, sql, sqlite_reading
from assaygym.verifiers.sqlite_guest import run_trusted
from assaygym.verifiers.sqlite_reading import MOST_NESTED, Reading, read_query

SCHEMA = "CREATE TABLE t (a INTEGER, b TEXT, c REAL); CREATE TABLE u (a INTEGER, d TEXT);"
TABLES = {"t": [[1, "x", 0.5], [2, "y", None], [2, "z", 4.0]], "u": [[1, "p"], [3, "q"]]}

RIGHT = """
SELECT 1
select a from t;
; SELECT a FROM t
SELECT a FROM t; -- why not; indeed
/* /* */ SELECT a FROM t
-- first\\nSELECT a FROM t
/* first; */ SELECT a FROM t
\\ufeffSELECT a FROM t
\\n\\t SELECT a FROM t
VALUES (1, 2), (3, 4)
VALUES (1) UNION SELECT 3
WITH v AS (SELECT 1 AS x) SELECT x FROM v
WITH v(x, y) AS NOT MATERIALIZED (SELECT 1, 2) SELECT * FROM v
WITH v AS (VALUES (1)) SELECT * FROM v
WITH v AS (WITH w AS (SELECT 2 AS x) SELECT x FROM w) SELECT * FROM v, (SELECT 1) AS z
SELECT a FROM t EXCEPT SELECT a FROM u
SELECT a FROM t INTERSECT SELECT a FROM u UNION ALL SELECT 1 ORDER BY 1 LIMIT 1
SELECT replace(b, 'x', 'y') FROM t
SELECT b, 'DROP TABLE t; DELETE FROM t' FROM t
SELECT a AS "drop", b AS [delete it], c AS `insert` FROM t
SELECT a AS pragma, b AS attach, c AS vacuum FROM t
SELECT 'it''s', "a""b" FROM (SELECT 1 AS "a""b")
SELECT x'00ff', 9e999, 0x1F, .5, 5.
SELECT 1 == 1, 1 <> 2, 5 % 2, a || b, ~a, a & 1 | 2 << 2, - - a, NOT NOT a FROM t
SELECT a ISNULL, c NOTNULL, c IS NOT NULL, a IS TRUE, a IS NOT 2, a IS NOT DISTINCT FROM 1 FROM t
SELECT b GLOB 'x*', b LIKE 'x!%' ESCAPE '!', a NOT BETWEEN 1 AND 2 FROM t
SELECT (1, 2) IN (VALUES (1, 2)), (a, b) = (1, 'x') FROM t
SELECT * FROM t NOT INDEXED WHERE a IN (SELECT a FROM u)
SELECT * FROM t NATURAL LEFT OUTER JOIN u
SELECT * FROM (t JOIN u ON t.a = u.a)
SELECT * FROM t CROSS JOIN u USING (a)
SELECT * FROM t JOIN u WHERE t.a = u.a
SELECT t.* FROM main.t AS t ORDER BY b COLLATE NOCASE DESC NULLS LAST LIMIT 1, 2
SELECT b FROM t GROUP BY 1 HAVING count(*) > 0 LIMIT -1 OFFSET 0
SELECT count(*) FILTER (WHERE a > 1), total(c), group_concat(DISTINCT b), group_concat(b, ', ') FROM t
SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM t
SELECT sum(a) OVER w, rank() OVER (w ORDER BY b) FROM t WINDOW w AS (PARTITION BY a)
SELECT a ->> '$.x', json_extract('{"a": 2}', '$.a') FROM t
SELECT CASE a WHEN 1 THEN 2 END, CASE WHEN a THEN b ELSE c END, iif(a, b, c) FROM t
SELECT CAST(c AS INTEGER), CAST(a AS TEXT), typeof(c), coalesce(c, 0), nullif(a, 1) FROM t
SELECT date('2024-01-01', '-1 day'), strftime('%Y', '2024-01-01'), julianday('2024-01-02') - julianday('2024-01-01')
SELECT EXISTS (SELECT 1 FROM u), NOT EXISTS (SELECT 1), (SELECT max(a) FROM u)
SELECT DISTINCT b FROM t AS "my table", 'u' AS other
SELECT a FROM 't'
SELECT round(avg(c), 2), min(b), abs(-1), substr(b, 1, 1), instr(b, 'x'), upper(b), trim(b), length(b) FROM t
"""

LEFT_TO_SQLITE = """
SELECT CAST(a AS VARYING CHARACTER(10)) FROM t
SELECT CAST(a AS ODD NAME(3, 4)) FROM t
SELECT a FROM t /* no end
WITH v AS (SELECT 1) VALUES (2)
"""

ONLY_SQLGLOT = """
SELECT a -- b
SELECT a FROM t;;
SELECT a FROM t FOR UPDATE
SELECT {1} FROM t
SELECT a FROM t WHERE a = ANY (SELECT 1)
SELECT nothing FROM t
SELECT a FROM nowhere
SELECT a::TEXT FROM t
SELECT a FROM t QUALIFY row_number() OVER () = 1
"""

REFUSED = """
it is no query | DELETE FROM t
it is no query | INSERT INTO t VALUES (9, 'z', 1)
it is no query | REPLACE INTO t VALUES (9, 'z', 1)
it is no query | UPDATE t SET a = 1
it is no query | DROP TABLE t
it is no query | ALTER TABLE t ADD COLUMN e
it is no query | CREATE TABLE v AS SELECT * FROM t
it is no query | CREATE TEMP VIEW v AS SELECT * FROM t
it is no query | ATTACH ':memory:' AS other
it is no query | DETACH main
it is no query | PRAGMA table_info(t)
it is no query | PRAGMA query_only = 0
it is no query | EXPLAIN SELECT a FROM t
it is no query | VACUUM INTO 'copy.db'
it is no query | BEGIN
it is no query | BEGIN; SELECT a FROM t
it is no query | REINDEX t
it is no query | ANALYZE
it is no query | TABLE t
it is no query | (SELECT a FROM t)
it is no query | -- nothing
it is 2 statements | SELECT a FROM t; SELECT a FROM t
it is 2 statements | SELECT a FROM t; DELETE FROM t
it is 2 statements | SELECT a FROM t; PRAGMA query_only = 0;
it is 3 statements | SELECT 1; /* ; */ SELECT 2; SELECT 3
it holds INSERT | WITH v AS (SELECT 1 AS x) INSERT INTO t SELECT x, x, x FROM v
it holds DELETE | WITH v AS (SELECT 1 AS x) DELETE FROM t WHERE a IN v
it holds UPDATE | WITH v AS (SELECT 1 AS x) UPDATE t SET a = 1
it holds DELETE | WITH v AS (DELETE FROM t RETURNING a) SELECT * FROM v
it holds INSERT | WITH v AS (INSERT INTO t VALUES (1, 2, 3) RETURNING a) SELECT * FROM v
it holds PRAGMA | WITH v AS (PRAGMA table_info(t)) SELECT * FROM v
it holds ATTACH | WITH v AS (ATTACH ':memory:' AS other) SELECT * FROM v
it holds DROP | SELECT * FROM t WHERE a IN (WITH v AS (DROP TABLE t) SELECT 1)
it holds INTO | SELECT a INTO v FROM t
"""


def lines(text: str) -> list[str]:
    return [
        line.replace("\\n", "\n").replace("\\t", "\t").replace("\\ufeff", "\ufeff") for line in text.split("\n")[1:-1]
    ]


def runs(query: str) -> bool:
    return "error" not in run_trusted(SCHEMA, TABLES, query)


@pytest.mark.parametrize("query", lines(RIGHT))
def test_a_query_that_sqlite_runs_is_read_and_not_refused(query: str) -> None:
    assert runs(query)
    assert read_query(query) == Reading(True)


@pytest.mark.parametrize("query", lines(LEFT_TO_SQLITE))
def test_what_sqlglot_cannot_read_is_left_to_sqlite(query: str) -> None:
    assert runs(query)
    assert read_query(query) == Reading(False)


@pytest.mark.parametrize("query", lines(ONLY_SQLGLOT))
def test_what_only_sqlglot_can_read_fails_in_sqlite(query: str) -> None:
    assert read_query(query).refused == ""
    assert not runs(query)


@pytest.mark.parametrize("line", lines(REFUSED))
def test_what_is_refused_is_told_why_and_would_be_no_answer_in_sqlite(line: str) -> None:
    why, _, query = line.partition(" | ")
    assert read_query(query).refused.startswith(why)
    assert not runs(query) or query.startswith("EXPLAIN")


@pytest.mark.parametrize(
    "query", ["", "\ud800", "\x00", "SELECT \ud800", "SELECT 1\x00; DROP TABLE t", "SELECT " + "9" * 5000]
)
def test_no_text_makes_the_reader_fail(query: str) -> None:
    assert isinstance(read_query(query), Reading)


def test_brackets_may_be_nested_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        return "SELECT " + "(" * depth + "1" + ")" * depth

    assert read_query(nested(20)) == Reading(True)
    assert read_query(nested(MOST_NESTED)).refused == ""
    assert "nested more than 100 deep" in read_query(nested(MOST_NESTED + 1)).refused


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM t" + " JOIN t" * 2000,
        "SELECT 1" + " |> SELECT 1" * 1500,
        "SELECT " + "NOT " * 4000 + "1",
        "SELECT " + "(" * 10_000,
        "SELECT " + "CASE WHEN " * 1500,
    ],
    ids=["joins", "pipes", "prefixes", "brackets", "cases"],
)
def test_a_text_that_would_keep_sqlglot_busy_is_given_up_on(query: str) -> None:
    begin = time.process_time()
    assert not read_query(query).parsed or read_query(query).refused
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("query", ["SELECT " + "NOT " * 300 + "1", "SELECT " + "CASE WHEN " * 150])
def test_no_finalizer_fails_while_a_deep_text_is_read(
    failing_finalizers: Callable[[Callable[[], object]], list[object]], query: str
) -> None:
    assert failing_finalizers(lambda: read_query(query)) == []


def test_long_queries_of_plain_shapes_stay_far_from_the_limit_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_reading, "MOST_STEPS", sqlite_reading.MOST_STEPS // 3)
    assert read_query("SELECT a FROM t WHERE " + " OR ".join(f"a = {n}" for n in range(1000))) == Reading(True)
    assert read_query("SELECT a FROM t WHERE a IN (" + ", ".join(map(str, range(2500))) + ")") == Reading(True)
    joins = "".join(f" JOIN u AS u{n} ON u{n}.a = t.a" for n in range(50))
    assert read_query("SELECT t.a FROM t" + joins) == Reading(True)


def test_nothing_of_the_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        read_query("WITH v AS (ALTER VIEW secret ODD) SELECT 1")
    assert "secret" not in caplog.text


def score_of(query: str, reference: str = "SELECT a FROM t") -> tuple[Verdict, float]:
    score = sql()(f"```sql\n{query}\n```", SqlTests.of(SCHEMA, [TABLES], reference))
    return score.verdict, score.metrics["parsed"]


def test_a_right_query_is_right_whether_sqlglot_could_read_it_or_not() -> None:
    assert score_of("SELECT CAST(a AS INTEGER) FROM t") == (Verdict.CORRECT, 1.0)
    assert score_of("SELECT CAST(a AS ODD NAME(3, 4)) FROM t") == (Verdict.CORRECT, 0.0)
    assert score_of("SELECT CAST(a + 1 AS ODD NAME(3, 4)) FROM t") == (Verdict.INCORRECT, 0.0)


def test_a_refused_query_is_wrong_and_never_run() -> None:
    assert score_of("SELECT a FROM t; DELETE FROM t") == (Verdict.INCORRECT, 1.0)
    # EXPLAIN would return the very rows of the reference
    assert score_of("EXPLAIN SELECT a FROM t", "EXPLAIN SELECT a FROM t") == (Verdict.INCORRECT, 1.0)


def test_without_sqlglot_the_verifier_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'assaygym\[sql\]'"):
        sql()


def test_without_sqlglot_the_environment_says_what_to_install_and_others_are_listed() -> None:
    program = (
        "import sys; sys.modules['sqlglot'] = None\n"
        "import assaygym, gymnasium\n"
        "print(gymnasium.spec('assay/Sql-v0').id)\n"
        "gymnasium.make('assay/Sql-v0')\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.stdout == "assay/Sql-v0\n"
    assert "MissingDependencyError: the SQL verifier needs sqlglot" in found.stderr
    assert "pip install 'assaygym[sql]'" in found.stderr
