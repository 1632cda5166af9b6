"""The SQL of a lookup, written by sqlglot: names are quoted, casts and types are each engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

DIALECTS = ("duckdb", "spark", "postgres", "bigquery", "snowflake")
LOOKUP = "occurisk_lookup"
# Reasons that only the join can give.
NULL_CODE, NOT_LISTED = "missing code", "not in the lookup"
# Sums of weights are exact: 38 digits are what every engine has.
_EXACT = {"bigquery": "BIGNUMERIC"}


@dataclass(frozen=True)
class Register:
    """A table elsewhere.

    Attributes
    ----------
    table : str
        Its name, with dots between catalogue, schema and table.
    code : str
        Column of codes.
    weight : str or None
        Column of jobs.
    by : tuple of str
        Columns of a breakdown.
    """

    table: str
    code: str
    weight: str | None = None
    by: tuple[str, ...] = ()


def values_query(register: Register, dialect: str) -> str:
    """Return the query whose result `occurisk lookup` reads: each distinct value with rows and weight."""
    from sqlglot import exp

    keys = [_text(register.code).as_("value", quoted=True), *(_name(name) for name in register.by)]
    query = exp.select(*keys, exp.Count(this=exp.Star()).as_("rows", quoted=True)).from_(
        _table(register.table)
    )
    if register.weight:
        query = query.select(_sum(_name(register.weight), dialect).as_("weight", quoted=True))
    query = query.group_by(_text(register.code), *(_name(name) for name in register.by))
    return _sql(query, dialect)


def join_query(register: Register, columns: list[str], prefix: str, dialect: str) -> str:
    """Return the LEFT JOIN that scores: every row of the register once, with the lookup's columns.

    Parameters
    ----------
    register : Register
    columns : list of str
        Of the lookup, without `key` and `outcome`.
    prefix : str
        Of the added columns.
    dialect : str
        One of DIALECTS.
    """
    from sqlglot import exp

    added = [_of("l", name).as_(f"{prefix}{name}", quoted=True) for name in columns]
    query = exp.select(
        exp.Column(this=exp.Star(), table=exp.to_identifier("r")), *added,
        _outcome(register).as_(f"{prefix}outcome", quoted=True),
    )  # fmt: skip
    return _sql(_joined(query, register), dialect)


def account_query(register: Register, dialect: str) -> str:
    """Return the query that proves the join: rows and exact weight by outcome, in the register as it is."""
    from sqlglot import exp

    outcome = _outcome(register).as_("outcome", quoted=True)
    scored = exp.func("COALESCE", _of("l", "scored"), exp.false()).as_("scored", quoted=True)
    inner = _joined(exp.select(outcome, scored), register)
    if register.weight:
        inner = inner.select(_of("r", register.weight).as_("weight", quoted=True))
    query = exp.select(_name("outcome"), _name("scored"), exp.Count(this=exp.Star()).as_("rows", quoted=True))
    if register.weight:
        query = query.select(_sum(_name("weight"), dialect).as_("weight", quoted=True))
    query = query.from_(inner.subquery("joined")).group_by(_name("outcome"), _name("scored"))
    return _sql(query.order_by(_name("outcome")), dialect)


def check_query(register: Register, dialect: str) -> str:
    """Return a query of one row in which every `_ok` must be true.

    Keys of the lookup are unique, so the join neither loses nor doubles a row; every value of the register
    is in the lookup; and as many rows have a code as when the values were read.
    """
    from sqlglot import exp

    def count(query: exp.Select) -> exp.Subquery:
        return query.subquery()

    star = exp.Count(this=exp.Star())
    rows_in = count(exp.select(star.copy()).from_(_table(register.table)))
    rows_out = count(_joined(exp.select(star.copy()), register))
    keys = count(exp.select(star.copy()).from_(LOOKUP))
    unique = exp.Count(this=exp.Distinct(expressions=[_name("key")]))
    distinct = count(exp.select(unique).from_(LOOKUP))
    missing = count(
        _joined(exp.select(star.copy()), register).where(
            exp.and_(
                exp.Is(this=_of("l", "key"), expression=exp.null()),
                exp.not_(exp.Is(this=_of("r", register.code), expression=exp.null())),
            )
        )
    )
    zero = exp.Literal.number(0)
    read = exp.Coalesce(this=exp.Sum(this=_name("rows")), expressions=[zero.copy()])
    # An exported table cannot tell NULL from an empty text.
    empty = exp.Literal.string("")
    listed = count(exp.select(read).from_(LOOKUP).where(exp.NEQ(this=_name("key"), expression=empty)))
    coded = count(
        exp.select(star.copy())
        .from_(_table(register.table, "r"))
        .where(exp.NEQ(this=_key(register), expression=empty.copy()))
    )
    query = exp.select(
        rows_in.as_("rows_in", quoted=True),
        rows_out.as_("rows_out", quoted=True),
        exp.EQ(this=rows_in.copy(), expression=rows_out.copy()).as_("rows_ok", quoted=True),
        exp.EQ(this=keys, expression=distinct).as_("keys_ok", quoted=True),
        exp.EQ(this=missing, expression=zero).as_("values_ok", quoted=True),
        exp.EQ(this=listed, expression=coded).as_("counts_ok", quoted=True),
    )
    return _sql(query, dialect)


def create_query(types: dict[str, str], dialect: str) -> str:
    """Return CREATE TABLE for the lookup.

    Parameters
    ----------
    types : dict
        Column -> TEXT, DOUBLE, BIGINT, BOOLEAN or DECIMAL(38, 6).
    dialect : str
    """
    from sqlglot import exp

    columns = [
        exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=_type(kind, dialect))
        for name, kind in types.items()
    ]
    schema = exp.Schema(this=exp.to_table(LOOKUP), expressions=columns)
    return _sql(exp.Create(this=schema, kind="TABLE"), dialect)


def insert_query(names: Sequence[str], rows: Sequence[Sequence[Any]], dialect: str) -> str:
    """Return INSERT INTO the lookup; texts are literals, whatever they hold.

    Parameters
    ----------
    names : sequence of str
    rows : sequence of sequences
        Of str, bool, int, float, Decimal or None.
    dialect : str
    """
    from sqlglot import exp

    values = exp.Values(expressions=[exp.Tuple(expressions=[_literal(cell) for cell in row]) for row in rows])
    columns = [exp.to_identifier(name, quoted=True) for name in names]
    schema = exp.Schema(this=exp.to_table(LOOKUP), expressions=columns)
    return _sql(exp.Insert(this=schema, expression=values), dialect)


def _literal(cell: Any) -> exp.Expression:
    from sqlglot import exp

    if cell is None:
        return exp.null()
    if isinstance(cell, bool):
        return exp.Boolean(this=cell)
    if isinstance(cell, str):
        return exp.Literal.string(cell)
    return exp.Literal.number(repr(cell) if isinstance(cell, float) else str(cell))


def _type(kind: str, dialect: str) -> exp.DataType:
    from sqlglot import exp

    if kind.startswith("DECIMAL") and dialect in _EXACT:
        return exp.DataType.build(_EXACT[dialect], dialect=dialect)
    return exp.DataType.build(kind)


def _joined(query: exp.Select, register: Register) -> exp.Select:
    from sqlglot import exp

    same = exp.EQ(this=_key(register), expression=_of("l", "key"))
    return query.from_(_table(register.table, "r")).join(
        exp.to_table(LOOKUP).as_("l"), on=same, join_type="left"
    )


def _key(register: Register) -> exp.Func:
    """Return the register's value as the lookup spells it."""
    from sqlglot import exp

    # Blanks are named: some engines would take tabs away, too.
    return exp.func("RTRIM", _text(register.code, "r"), exp.Literal.string(" "))


def _outcome(register: Register) -> exp.Expression:
    """Name what became of a row; NULL joins with nothing, and says so itself."""
    from sqlglot import exp

    case = (
        exp.Case()
        .when(exp.Is(this=_of("r", register.code), expression=exp.null()), exp.Literal.string(NULL_CODE))
        .else_(exp.Literal.string(NOT_LISTED))
    )
    return exp.Coalesce(this=_of("l", "outcome"), expressions=[case])


def _sum(column: exp.Expression, dialect: str) -> exp.Expression:
    from sqlglot import exp

    return exp.Sum(this=exp.Cast(this=column, to=_type("DECIMAL(38, 6)", dialect)))


def _text(name: str, table: str | None = None) -> exp.Expression:
    from sqlglot import exp

    column = _of(table, name) if table else _name(name)
    return exp.Cast(this=column, to=exp.DataType.build("TEXT"))


def _name(name: str) -> exp.Column:
    from sqlglot import exp

    return exp.Column(this=exp.to_identifier(name, quoted=True))


def _of(table: str, name: str) -> exp.Column:
    from sqlglot import exp

    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(table))


def _table(name: str, alias: str | None = None) -> exp.Table:
    """Quote each part of a dotted name: whatever a table is called, it stays a name."""
    from sqlglot import exp

    parts = [exp.to_identifier(part, quoted=True) for part in name.split(".")]
    table = exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))
    if alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return table


def _sql(query: exp.Expression, dialect: str) -> str:
    return query.sql(dialect=dialect, pretty=True) + ";\n"
