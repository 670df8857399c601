"""Fetches pages politely: slowly, as themselves, within what a site's robots.txt allows, and never too much."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic, sleep
from urllib.parse import urljoin, urlsplit

import httpx

from index.errors import ArticleError
from index.sources.addresses import clean_address
from index.sources.network import GuardedTransport
from index.sources.robots import EVERYTHING_ALLOWED, Robots, robots_from

PRODUCT = "footnote"
_MOST_REDIRECTS = 5
_ROBOTS_BYTES = 500_000
_LONGEST_WAIT = 120.0
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
# Other encodings, or two at once, unpack a few bytes to gigabytes before anyone can count them.
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


@dataclass(frozen=True, slots=True)
class Politeness:
    """How pages are fetched. `private` allows addresses that are not public; `pause_seconds` is between two of one host."""

    private: bool = False
    timeout_seconds: float = 30.0
    max_bytes: int = 20_000_000
    max_pages: int = 1_000
    pause_seconds: float = 1.0
    user_agent: str = "Footnote"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered. `address` is where it was found in the end, `type` its media type, in lower case."""

    address: str
    content: bytes = field(repr=False)
    type: str
    charset: str | None


class PageGone(ArticleError):
    """The address answers that there is nothing any more."""


class Unanswered(ArticleError):
    """The address answers with a failure, or not at all: then `status` is 0. `wait_seconds` is what the site asks for."""

    def __init__(self, message: str, *, status: int = 0, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class Fetcher:
    """Fetches one page at a time, and remembers what each site allows and when it was last asked."""

    client: httpx.Client
    politeness: Politeness
    wait: Callable[[float], None] = sleep
    _robots: dict[str, Robots | ArticleError] = field(default_factory=dict)
    _free_at: dict[str, float] = field(default_factory=dict)

    def fetch(self, address: str) -> Fetched:
        """Fetch an address, following redirects.

        Raises PageGone when it answers 404 or 410, ArticleError when it cannot, may not, or should not be fetched.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_robots(address)
            answer = self._ask_twice(address)
            if isinstance(answer, Fetched):
                return answer
            address = answer
        raise ArticleError(f"redirects more than {_MOST_REDIRECTS} times. Name the address where it ends.")

    def _check_robots(self, address: str) -> None:
        site = _site(address)
        if site not in self._robots:
            self._robots[site] = self._robots_of(site)
        robots = self._robots[site]
        if isinstance(robots, ArticleError):
            raise robots
        if not robots.allows(address):
            raise ArticleError(f"may not be fetched: {site}/robots.txt disallows it. Ask the site's owner.")

    def _robots_of(self, site: str) -> Robots | ArticleError:
        address = f"{site}/robots.txt"
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._ask(address, _ROBOTS_BYTES)
                if isinstance(answer, Fetched):
                    return robots_from(answer.content.decode("utf-8", errors="replace"), agent=PRODUCT)
                address = answer
        except PageGone:
            return EVERYTHING_ALLOWED
        except Unanswered as error:
            # RFC 9309, 2.3.1: rules that are not there forbid nothing, rules that cannot be had forbid everything.
            if 400 <= error.status < 500 and error.status != 429:
                return EVERYTHING_ALLOWED
            if error.status == 0:
                return error
            return ArticleError(f"may not be fetched: what the site allows cannot be told, for {address} {error}")
        except ArticleError as error:
            return error
        return EVERYTHING_ALLOWED

    def _ask_twice(self, address: str) -> Fetched | str:
        """Ask, and once more where the site says when to come back."""
        try:
            return self._ask(address, self.politeness.max_bytes)
        except Unanswered as error:
            if error.wait_seconds is None or error.wait_seconds > _LONGEST_WAIT:
                raise
            self.wait(error.wait_seconds)
        return self._ask(address, self.politeness.max_bytes)

    def _ask(self, address: str, most: int) -> Fetched | str:
        """Return what an address answers, or where it redirects to."""
        self._pause(address)
        try:
            with self.client.stream("GET", address) as response:
                return self._read(response, address, most)
        except httpx.InvalidURL as error:
            raise ArticleError(f"has an address that cannot be fetched ({error}). Check how it is written.") from error
        except httpx.HTTPError as error:
            raise Unanswered(f"does not answer ({str(error) or type(error).__name__}). Try again later.") from error

    def _pause(self, address: str) -> None:
        site, now = _site(address), monotonic()
        if (early := self._free_at.get(site, now) - now) > 0:
            self.wait(early)
        robots = self._robots.get(site)
        delay = robots.delay if isinstance(robots, Robots) else 0.0
        self._free_at[site] = monotonic() + max(delay, self.politeness.pause_seconds)

    def _read(self, response: httpx.Response, address: str, most: int) -> Fetched | str:
        status = response.status_code
        if response.has_redirect_location:
            return clean_address(urljoin(address, response.headers["Location"]))
        if status in (404, 410):
            raise PageGone(f"answers {status}: there is no such page.")
        if status != 200:
            wait = _wait_seconds(response.headers.get("Retry-After")) if status in (429, 503) else None
            raise Unanswered(f"answers {status}. Try again later.", status=status, wait_seconds=wait)
        type_, _, rest = response.headers.get("Content-Type", "").partition(";")
        charset = _CHARSET.search(rest)
        content = _content(response, most, self.politeness.timeout_seconds)
        return Fetched(address, content, type_.strip().lower(), charset[1] if charset else None)


@contextmanager
def fetching(politeness: Politeness) -> Iterator[Fetcher]:
    """Make ready to fetch. Proxies of the environment are not used: what they would connect to could not be checked."""
    headers = {
        "User-Agent": politeness.user_agent,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": "gzip, deflate",
    }
    transport = GuardedTransport(private=politeness.private)
    with httpx.Client(
        transport=transport, headers=headers, timeout=politeness.timeout_seconds, trust_env=False
    ) as client:
        yield Fetcher(client, politeness)


def _site(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _content(response: httpx.Response, most: int, seconds: float) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise ArticleError(f"is packed as {encoding[:40]!r}, which was not asked for and is not read.")
    content = bytearray()
    deadline = monotonic() + seconds
    for part in response.iter_bytes():
        content += part
        if len(content) > most:
            raise ArticleError(f"is longer than {most:,} bytes. Raise FOOTNOTE_FETCH_MAX_BYTES if it should be read.")
        if monotonic() > deadline:
            raise ArticleError(f"took longer than {seconds:g} seconds. Raise FOOTNOTE_FETCH_TIMEOUT_SECONDS.")
    return bytes(content)


def _wait_seconds(retry_after: str | None) -> float | None:
    """Return how long a site wants to be left alone: written as seconds or as a date (RFC 9110, 10.2.3)."""
    written = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}", written, re.ASCII):
        return float(written)
    try:
        return max((parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
