"""When a source is synced next: at its interval with some jitter, and earlier after a failure, with growing pauses."""

from datetime import datetime, timedelta
from random import Random

from service.history.syncs import SyncRecord

FAILING = 3
"""A source that failed this often in a row is reported as failing."""

# Of the interval. Sources that were added together are not all synced together for ever.
_JITTER = 0.1
_FIRST_PAUSE_SECONDS = 60.0


def next_sync(every_seconds: float, last: SyncRecord) -> datetime:
    """Return when a source is due again.

    After a failure it is a minute, then two, four and so on, and never longer than its interval. The jitter follows from the
    record, so that the time is the same whenever it is asked for.
    """
    pause = every_seconds
    if last.failures:
        pause = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(last.failures - 1, 20), every_seconds)
    jitter = Random(f"{last.source} {last.finished.isoformat()}").uniform(0, _JITTER * pause)
    return last.finished + timedelta(seconds=pause + jitter)
