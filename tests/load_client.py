"""Many clients at once against a running service: what came back, how fast, and what it did to the process."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

_PATIENCE = 150.0
_STREAM_EVERY = 4  # every fourth question of a client is streamed


@dataclass
class Load:
    """What a time of asking came to, up to the last answer.

    `seconds` holds one figure for each answer; `refused` counts who was told to come back later.
    """

    clients: int
    lasted: float
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: int = 0
    last: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.lasted

    def at(self, share: float) -> float:
        """Return the time within which this share of the answers came."""
        return sorted(self.seconds)[min(int(share * len(self.seconds)), len(self.seconds) - 1)]

    def __str__(self) -> str:
        times = f"p50 {self.at(0.5):.3f} s, p95 {self.at(0.95):.3f} s, longest {max(self.seconds):.3f} s"
        return f"{self.clients} clients: {self.per_second:.1f} answers a second, {times}, {self._others}"

    @property
    def _others(self) -> str:
        return f"{self.refused} told to come back, {len(self.errors)} errors"


def ask_together(url: str, questions: Sequence[str], *, clients: int, seconds: float) -> Load:
    """Let so many clients ask one question after the other for so long. No two of them ask the same at the same time."""
    return asyncio.run(_ask_together(url, questions, clients, seconds))


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds in RAM."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


async def _ask_together(url: str, questions: Sequence[str], clients: int, seconds: float) -> Load:
    started = time.perf_counter()
    load = Load(clients, seconds)
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE, limits=limits) as http:

        async def client(number: int) -> None:
            asked = number
            while time.perf_counter() - started < seconds:
                stream = (asked // clients) % _STREAM_EVERY == 0
                await _ask(http, questions[asked % len(questions)], load, stream=stream)
                asked += clients

        await asyncio.gather(*(client(number) for number in range(clients)))
    load.lasted = max(load.last - started, 0.001)
    return load


async def _ask(http: httpx.AsyncClient, question: str, load: Load, *, stream: bool) -> None:
    started = time.perf_counter()
    try:
        response = await http.post("/api/ask", json={"question": question, "stream": stream})
    except httpx.HTTPError as error:
        load.errors.append(repr(error))
        return
    if response.status_code in (429, 503) and "retry-after" in response.headers:
        load.refused += 1
        await asyncio.sleep(float(response.headers["retry-after"]))
        return
    whole = "event: answer" in response.text if stream else '"status":' in response.text
    if response.status_code == 200 and whole:
        load.last = time.perf_counter()
        load.seconds.append(load.last - started)
    else:
        load.errors.append(f"{response.status_code} {response.text[:200]}")
