"""Reads server-sent events from the lines of a response."""

from collections.abc import Iterable, Iterator


def server_sent_events(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the data of each event. Comments, which keep the connection open, are left out."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
