"""Rate limits that several services share: in their PostgreSQL database, by its clock."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, bindparam, delete, extract, func, update
from sqlalchemy.dialects.postgresql import insert

from index.stores.postgresql import HISTORY_SCHEMA, create_schema
from service.auth.rate_limits import step

# Worth nothing after a minute. So it is neither migrated nor copied, and no part of the history's tables; and questions do
# not wait for the disk of the database, which forgets it if it crashes.
_metadata = MetaData()
_spent = Table(
    "rates",
    _metadata,
    Column("name", String(512), primary_key=True),
    Column("until", BigInteger, nullable=False),
    prefixes=["UNLOGGED"],
)
_now = extract("epoch", func.clock_timestamp()) * 1000


class SharedRates:
    """The rate limit of each name, as `service.auth.rate_limits.RateLimits`, for all services on one database together."""

    def __init__(self, engine: Engine) -> None:
        """Make the table if it is missing, and remove what is worth nothing any more. Raises StoreUnavailable."""
        self._engine = engine
        create_schema(engine, HISTORY_SCHEMA, _metadata.create_all)
        with engine.begin() as connection:
            connection.execute(delete(_spent).where(_spent.c.until < _now * 1000))

    def spend(self, limits: Mapping[str, int]) -> float:
        """Count one question under each name, or under none if any is over its limit. `limits` are questions a minute.

        Returns how many seconds to wait before trying again: 0 if the question may be asked. Raises StoreUnavailable.
        """
        new = insert(_spent).values([{"name": name, "until": 0} for name in sorted(limits)])
        # An update that changes nothing locks each row, always in the same order, and returns what others wrote before.
        locked = new.on_conflict_do_update(index_elements=["name"], set_={"name": new.excluded.name})
        with self._engine.begin() as connection:
            rows = connection.execute(locked.returning(_spent.c.name, _spent.c.until, _now.label("now"))).all()
            steps = [(row.name, *step(row.until, limits[row.name], int(row.now))) for row in rows]
            waits = [wait for _, _, wait in steps if wait]
            if not waits:
                spent = update(_spent).where(_spent.c.name == bindparam("named")).values(until=bindparam("after"))
                connection.execute(spent, [{"named": name, "after": after} for name, after, _ in steps])
        return max(waits, default=0.0)

    def close(self) -> None:
        """Close nothing: the engine is the caller's."""
