"""An OpenID Connect provider for tests: Canaille, run by pytest-iam, with Footnote as a client. A plugin of `conftest.py`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc.jwk import JWKRegistry

CLIENT_ID, CLIENT_SECRET = "footnote", "secret-of-footnote"


@dataclass
class IdentityProvider:
    """The provider that runs, and what people there are."""

    server: Any
    client: Any
    made: list[Any] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """The address that its tokens name."""
        return str(self.server.url).rstrip("/")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return the settings of a service whose people sign in here."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_scopes": "openid profile email groups",
        } | changes

    def serves(self, address: str) -> None:
        """Let the provider send people back to the Footnote at this address."""
        back = [f"{address}/auth/callback/{name}" for name in ("main", "acme")]
        self._change(self.client, redirect_uris=back, post_logout_redirect_uris=[f"{address}/"])

    def person(self, name: str, *, groups: Sequence[str] = ()) -> Any:
        """Make a person who has agreed to Footnote, and who is at the browser from now on."""
        user = self._kept(self.server.models.User, user_name=name, formatted_name=f"{name.title()} Smith",
                          family_name="Smith", emails=[f"{name}@example.com"], password="correct horse")  # fmt: skip
        for group in groups:
            self._kept(self.server.models.Group, display_name=group, members=[user])
        self.server.consent(user, self.client)
        self.server.login(user)
        return user

    def leave_group(self, name: str) -> None:
        """Take everybody out of a group."""
        with self.server.app.app_context():
            group = self.server.backend.get(self.server.models.Group, display_name=name)
        self._change(group, members=[])

    def end_tokens(self) -> None:
        """Revoke whatever was given out, as when somebody is locked out."""
        models = self.server.models
        with self.server.app.app_context():
            for kind in (models.Token, models.AuthorizationCode, models.Consent):
                for given_out in self.server.backend.query(kind):
                    self.server.backend.delete(given_out)

    def new_key(self) -> None:
        """Sign with a new key from now on, and publish that alone."""
        key = JWKRegistry.generate_key("RSA", 2048)
        key.ensure_kid()
        self.server.app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [key.as_dict(private=True)]

    def _kept(self, kind: Callable[..., Any], **fields: Any) -> Any:
        with self.server.app.app_context():
            made = kind(**fields)
            self.server.backend.save(made)
        self.made.append(made)
        return made

    def _change(self, thing: Any, **fields: Any) -> None:
        with self.server.app.app_context():
            self.server.backend.update(thing, **fields)
            self.server.backend.save(thing)

    def forget_people(self) -> None:
        """Remove the people and groups of a test."""
        self.server.logout()
        self.end_tokens()
        with self.server.app.app_context():
            for made in reversed(self.made):
                self.server.backend.delete(made)
        self.made.clear()


@pytest.fixture(scope="session")
def running_provider(iam_server: Any) -> IdentityProvider:
    """The provider, which starts once."""
    with iam_server.app.app_context():
        client = iam_server.models.Client(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_name="Footnote",
            redirect_uris=["http://127.0.0.1/"],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
            token_endpoint_auth_method="client_secret_basic",
            id_token_signed_response_alg="RS256",
            scope=["openid", "profile", "email", "groups"],
        )
        iam_server.backend.save(client)
        iam_server.backend.update(client, audience=[client])
        iam_server.backend.save(client)
    return IdentityProvider(iam_server, client)


@pytest.fixture
def provider(running_provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """The provider without people."""
    yield running_provider
    running_provider.forget_people()
