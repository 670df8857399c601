"""The JSON of signing in and out."""

from pydantic import Field

from service.schemas.api import Wire


class IssuerWire(Wire):
    """Where one can sign in. `address` is for the browser to go to; `to=/path` may be added: the page to come back to."""

    title: str
    address: str


class IssuersResponse(Wire):
    """Where one can sign in; empty if only keys are accepted."""

    issuers: list[IssuerWire]


class SignOutRequest(Wire):
    """Ends this browser's session, or those of all browsers."""

    everywhere: bool = Field(False, description="End all sessions of this person.")


class SignOutResponse(Wire):
    """The session has ended here. `address` is where the browser goes to end the one at the issuer, if that is set."""

    address: str | None
