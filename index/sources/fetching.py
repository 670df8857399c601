"""Fetches web pages politely: with pauses, an honest user agent, within robots.txt, and with limits on size and time."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event
from time import monotonic
from urllib.parse import urljoin, urlsplit

import httpx

from index.errors import ArticleError, IndexingStopped
from index.sources.addresses import clean_address
from index.sources.deadline import Deadline
from index.sources.network import GuardedTransport
from index.sources.robots import EVERYTHING_ALLOWED, Robots, robots_from

PRODUCT = "footnote"
_MOST_REDIRECTS = 5
# RFC 9309, 2.5: what comes after is not looked at.
_ROBOTS_BYTES = 500 * 1024
# A site that did not answer this often in a row is not asked again.
_MOST_UNANSWERED = 5
_LONGEST_WAIT = 120.0
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
# Other encodings, or two at once, decompress a few bytes to gigabytes before they can be counted.
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


@dataclass(frozen=True, slots=True)
class Politeness:
    """How pages are fetched. `private` allows addresses that are not public; `pause_seconds` is between two of one host.

    `timeout_seconds` is for the whole of one page by the clock, redirects included, and without the pauses.
    """

    private: bool = False
    timeout_seconds: float = 30.0
    max_bytes: int = 20_000_000
    max_pages: int = 1_000
    pause_seconds: float = 1.0
    user_agent: str = "Footnote"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer of an address. `address` is the final one, `type` its media type, in lower case."""

    address: str
    content: bytes = field(repr=False)
    type: str
    charset: str | None


class PageGone(ArticleError):
    """The address answers that the page no longer exists."""


class Unanswered(ArticleError):
    """The address answers with an error, or not at all (`status` 0). `wait_seconds` is the pause the site asks for."""

    def __init__(self, message: str, *, status: int = 0, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait_seconds = wait_seconds


class TooSlow(Unanswered):
    """The address did not answer completely within the time limit."""


@dataclass(slots=True)
class _Asking:
    """One page or robots.txt that is asked for: how many seconds and bytes it may still take. `whole` is more than a part."""

    seconds: float
    most: int
    whole: bool = True


@dataclass(slots=True)
class Fetcher:
    """Fetches one page at a time, and remembers what each site allows and when it was last asked.

    When `stopped` is set, waiting ends with IndexingStopped.
    """

    client: httpx.Client
    politeness: Politeness
    stopped: Event
    wait: Callable[[float], object]
    _unanswered: Counter[str] = field(default_factory=Counter)
    _robots: dict[str, Robots | ArticleError] = field(default_factory=dict)
    _free_at: dict[str, float] = field(default_factory=dict)

    def fetch(self, address: str) -> Fetched:
        """Fetch an address, following redirects.

        Raises PageGone when it answers 404 or 410, ArticleError when it cannot, may not, or should not be fetched.
        """
        asking = _Asking(self.politeness.timeout_seconds, self.politeness.max_bytes)
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_robots(address)
            answer = self._ask_twice(address, asking)
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
        asking = _Asking(self.politeness.timeout_seconds, _ROBOTS_BYTES, whole=False)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._ask(address, asking)
                if isinstance(answer, Fetched):
                    return robots_from(answer.content.decode("utf-8", errors="replace"), agent=PRODUCT)
                address = answer
        except PageGone:
            return EVERYTHING_ALLOWED
        except Unanswered as error:
            # RFC 9309, 2.3.1: missing rules forbid nothing, rules that cannot be fetched forbid everything.
            if 400 <= error.status < 500 and error.status != 429:
                return EVERYTHING_ALLOWED
            if error.status == 0:
                return error
            return ArticleError(f"may not be fetched: it is not known what the site allows, as {address} {error}")
        except ArticleError as error:
            return error
        return EVERYTHING_ALLOWED

    def _ask_twice(self, address: str, asking: _Asking) -> Fetched | str:
        """Ask, and ask once more if the site says when to retry."""
        try:
            return self._ask(address, asking)
        except Unanswered as error:
            if error.wait_seconds is None or error.wait_seconds > _LONGEST_WAIT:
                raise
            self._wait(error.wait_seconds)
        return self._ask(address, asking)

    def _ask(self, address: str, asking: _Asking) -> Fetched | str:
        """Return what an address answers, or where it redirects to."""
        site = _site(address)
        if self._unanswered[site] >= _MOST_UNANSWERED:
            raise Unanswered(f"was not fetched: {site} did not answer {_MOST_UNANSWERED} times. Try again later.")
        self._pause(address)
        try:
            answer = self._ask_now(address, asking)
        except TooSlow:
            self._unanswered[site] += 1
            raise
        self._unanswered[site] = 0
        return answer

    def _ask_now(self, address: str, asking: _Asking) -> Fetched | str:
        started, deadline = monotonic(), Deadline(asking.seconds, self.stopped)
        extensions = {"deadline": deadline, "trace": deadline.trace}
        try:
            with deadline.enforced(), self.client.stream("GET", address, extensions=extensions) as response:
                answer = self._read(response, address, asking)
            self._check(deadline)
            return answer
        except httpx.InvalidURL as error:
            raise ArticleError(f"has an address that cannot be fetched ({error}). Check how it is written.") from error
        except httpx.HTTPError as error:
            self._check(deadline)
            raise Unanswered(f"does not answer ({str(error) or type(error).__name__}). Try again later.") from error
        finally:
            asking.seconds -= monotonic() - started

    def _check(self, deadline: Deadline) -> None:
        """Raise the error for the end of an exchange, if it has ended: a closed connection alone may have many causes."""
        if self.stopped.is_set():
            raise IndexingStopped("Fetching was stopped.")
        if deadline.over:
            seconds = self.politeness.timeout_seconds
            raise TooSlow(f"took longer than {seconds:g} seconds. Raise FOOTNOTE_FETCH_TIMEOUT_SECONDS.")

    def _wait(self, seconds: float) -> None:
        self.wait(seconds)
        if self.stopped.is_set():
            raise IndexingStopped("Fetching was stopped.")

    def _pause(self, address: str) -> None:
        site, now = _site(address), monotonic()
        if (early := self._free_at.get(site, now) - now) > 0:
            self._wait(early)
        robots = self._robots.get(site)
        delay = robots.delay if isinstance(robots, Robots) else 0.0
        self._free_at[site] = monotonic() + max(delay, self.politeness.pause_seconds)

    def _read(self, response: httpx.Response, address: str, asking: _Asking) -> Fetched | str:
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
        content = _content(response, asking)
        return Fetched(address, content, type_.strip().lower(), charset[1] if charset else None)


@contextmanager
def fetching(politeness: Politeness, stopped: Event | None = None) -> Iterator[Fetcher]:
    """Return a fetcher. Proxies of the environment are not used, as the addresses that they connect to cannot be checked."""
    headers = {
        "User-Agent": politeness.user_agent,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": "gzip, deflate",
    }
    transport = GuardedTransport(private=politeness.private)
    stopped = stopped or Event()
    with httpx.Client(
        transport=transport, headers=headers, timeout=politeness.timeout_seconds, trust_env=False
    ) as client:
        yield Fetcher(client, politeness, stopped, stopped.wait)


def _site(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _content(response: httpx.Response, asking: _Asking) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise ArticleError(f"is compressed as {encoding[:40]!r}, which was not requested and is not supported.")
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > asking.most:
            if not asking.whole:
                break
            limit = f"is longer than {asking.most:,} bytes"
            raise ArticleError(f"{limit}. Raise FOOTNOTE_FETCH_MAX_BYTES if it should be read.")
    return bytes(content[: asking.most])


def _wait_seconds(retry_after: str | None) -> float | None:
    """Return the pause that a site asks for: written as seconds or as a date (RFC 9110, 10.2.3)."""
    written = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}", written, re.ASCII):
        return float(written)
    try:
        return max((parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
