"""Chromium and a real server for the tests of the page, and what a person does there. A plugin of `conftest.py`."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from service.api.app import Assistant, create_app
from service.auth.state import AuthState
from service.settings import Settings
from tests.page_assistant import PATIENCE, PageAssistant
from tests.skipping import not_installed

ROOT = Path(__file__).parent.parent
# For people to look at. Git does not know of it.
SCREENS = ROOT / "runs" / "screens"
TOKEN = "token-of-the-owner"
# The first has no windows: a page costs a third of the processor time.
CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. In CI the tests fail where it is missing; elsewhere they are skipped, and say why."""
    chromium = next(filter(Path.exists, CHROMIUMS), None)
    if chromium is None:
        reason = not_installed(f"Chromium ({' or '.join(map(str, CHROMIUMS))})")
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(
    assistant: Assistant, *, owner_token: str | None = None, auth_state: AuthState | None = None, **settings: Any
) -> Iterator[str]:
    """Serve on a port that the system picks. The socket listens before the server runs, so nobody needs to wait."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chosen = Settings(_env_file=None, **({"api_keys_required": None} | settings))
        app = create_app(assistant, settings=chosen, owner_token=owner_token, auth_state=auth_state)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def assistant() -> PageAssistant:
    """What answers."""
    return PageAssistant()


@pytest.fixture
def address(assistant: PageAssistant) -> Iterator[str]:
    """Where the assistant is served. At the end, whatever it still waits with is let go."""
    with serving(assistant) as address:
        yield address
        assistant.go(100)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page as it opens."""
    with opened(browser, address) as page:
        yield page


@pytest.fixture
def admin(browser: Browser, assistant: PageAssistant) -> Iterator[Page]:
    """The page of someone who looks after the service."""
    with serving(assistant, owner_token=TOKEN) as address, opened(browser, address, key=TOKEN) as page:
        yield page


@pytest.fixture
def narrow(browser: Browser, address: str) -> Iterator[Page]:
    """The page on a telephone."""
    with opened(browser, address, width=360) as page:
        yield page


@pytest.fixture
def dark(browser: Browser, address: str) -> Iterator[Page]:
    """The page where dark is preferred."""
    with opened(browser, address, scheme="dark") as page:
        yield page


def opened_file(
    browser: Browser, file: Path, *, width: int = 1280, script: bool = True, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """Open a file and, at the end, check that nothing failed, was refused by the policy, or asked for elsewhere."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=script, color_scheme=scheme
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text))
    page.on("request", lambda sent: None if sent.url.startswith(file.as_uri()) else strangers.append(sent.url))
    page.goto(file.as_uri())
    yield page
    assert (errors, strangers) == ([], [])
    assert not script or page.evaluate("window.harmed") is None
    context.close()


@contextmanager
def opened(
    browser: Browser,
    address: str,
    *,
    path: str = "/",
    showing: str = "main :is(.opening, .entry, .article, .contents, .more, .problem)",
    width: int = 1280,
    scheme: str = "light",
    key: str = "",
    others: str | None = None,
) -> Iterator[Page]:
    """Open the page, signed in with a key or not. At the end, check that it logged nothing and asked nobody else.

    `others` is one more address that it may go to.
    """
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(6 * PATIENCE)  # on a busy machine a page takes its time to open
    page = context.new_page()
    if key:
        page.add_init_script(f"sessionStorage.setItem('footnote-key', {json.dumps(key)})")
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    known = tuple(filter(None, (address, others)))
    page.on("request", lambda sent: None if sent.url.startswith(known) else strangers.append(sent.url))
    page.goto(path)
    expect(page.locator(showing).first).not_to_be_empty()
    yield page
    assert (errors, strangers) == ([], [])
    assert page.evaluate("window.harmed") is None
    context.close()


def submit(page: Page, question: str) -> Locator:
    """Ask, and return where the answer will be."""
    asked = page.locator(".entry").count()
    field = page.get_by_label("Your question")
    field.fill(question)
    field.press("Enter")
    return page.locator(".entry").nth(asked)


def ask(page: Page, question: str) -> Locator:
    """Ask, wait for whatever comes, and return it."""
    entry = submit(page, question)
    expect(entry.locator(".colophon, .problem")).to_be_visible()
    return entry


def highlighted(page: Page) -> str:
    """The cited words as the article shows them, hidden markup included."""
    expect(page.locator("mark").first).to_be_attached()
    return "".join(page.locator("mark").all_text_contents())


def screenshot(page: Page, name: str, *, full_page: bool = False) -> Path:
    """Leave a picture of the page for people, and say where."""
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=full_page)
    return path


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def findings(page: Page) -> list[str]:
    """What axe finds wrong, from "moderate" up, each with the elements."""
    wrong = Axe().run(page).response["violations"]
    return [
        f"{found['id']} ({found['impact']}): {[node['html'][:120] for node in found['nodes']]}"
        for found in wrong
        if found["impact"] != "minor"
    ]
