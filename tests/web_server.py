"""A web server on this machine for tests: pages are what a test says, and requests are remembered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread

ARTICLE = """<!DOCTYPE html><html lang="en-GB"><head><title>{title} | The Daily</title>
<meta property="og:title" content="{title}"><meta property="og:site_name" content="The Daily">
<meta name="author" content="Ann Smith">{head}</head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<article><h1>{title}</h1><p>{text}</p></article>
<aside><h3>Most read</h3><ul><li><a href="/1">Cats</a></li></ul></aside>
<footer>Copyright The Daily. Cookies.</footer></body></html>"""


def article_page(title: str, text: str, head: str = "") -> bytes:
    """Return a page as newspapers have them, with a menu, a footer and an article."""
    return ARTICLE.format(title=title, text=text, head=head).encode()


@dataclass
class Reply:
    """What a path answers."""

    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Replies = dict[str, Reply | Callable[[], Reply]]


@dataclass
class WebServer:
    """A server that runs. `replies` may change at any time; what is not in it answers 404."""

    address: str
    replies: Replies = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, without robots.txt, in order."""
        return [path for path, _ in self.requests if path != "/robots.txt"]


@contextmanager
def serving(host: str = "127.0.0.1", tls: SSLContext | None = None) -> Iterator[WebServer]:
    """Serve on a free port of this machine."""
    web = WebServer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.requests.append((self.path, dict(self.headers.items())))
            found = web.replies.get(self.path, Reply(status=404))
            reply = found() if callable(found) else found
            self.send_response(reply.status)
            for name, value in ({"Content-Type": reply.type} | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                self.wfile.write(reply.body)
            except OSError:
                self.close_connection = True  # whoever asked had read enough

        def log_message(self, format: str, *args: object) -> None: ...

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None: ...  # whoever asks may hang up

    server = Quiet((host, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    web.address = f"http://{host}:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
