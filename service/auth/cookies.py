"""The cookies of people who sign in on the page."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

SESSION, SIGN_IN = "footnote-session", "footnote-sign-in"


@dataclass(frozen=True, slots=True)
class Cookies:
    """How cookies are named and marked. `secure`: the page is served by https.

    Then a name starts with `__Host-`, which keeps other hosts of the same domain from setting the cookie (RFC 6265bis).
    """

    secure: bool

    def read(self, headers: Headers, name: str) -> str | None:
        """Return the value of a cookie, or None."""
        return cookie_parser(headers.get("cookie", "")).get(self._full(name)) or None

    def written(self, name: str, value: str, *, seconds: int) -> str:
        """Return the header `Set-Cookie`. The session's cookie goes with no request that another site causes.

        The one for signing in has to come along when the issuer sends the browser back.
        """
        same_site = "Strict" if name == SESSION else "Lax"
        secure = "; Secure" if self.secure else ""
        return f"{self._full(name)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"

    def deleted(self, name: str) -> str:
        """Return the header `Set-Cookie` that makes the browser forget a cookie."""
        return self.written(name, "", seconds=0)

    def _full(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name
