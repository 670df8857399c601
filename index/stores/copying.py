"""Copies tables from one database to another, which may be of another kind."""

from collections.abc import Iterable

from sqlalchemy import Connection, Table, func, insert, select, text

_ROWS_AT_ONCE = 200


def copy_rows(source: Connection, target: Connection, tables: Iterable[Table]) -> None:
    """Copy all rows of these tables into the same tables of another database, in the caller's transactions.

    Tables come after those that they refer to. In PostgreSQL, the numbers that it gives out next follow those of the rows.
    """
    for table in tables:
        rows = source.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table)).mappings()
        for part in rows.partitions():
            target.execute(insert(table), [dict(row) for row in part])
        counted = table.autoincrement_column
        if counted is not None and target.dialect.name == "postgresql":
            last = target.scalar(select(func.max(counted)))
            sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            if last is not None:
                target.execute(sequence, {"table": table.name, "column": counted.name, "last": last})


def count_rows(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Return the number of rows of each table, by name."""
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
