"""What the settings say of each issuer (OpenID Connect provider)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class OidcIssuer(BaseModel):
    """One issuer. People sign in there if `client_id` is set; its tokens are accepted from programs if `audience` is set.

    `name` is part of addresses and of the ids of its people; it is empty for the issuer of `FOOTNOTE_OIDC_ISSUER`. `title` is
    what people call it. A person is refused whose ID token lacks one of `required_claims`, or has another value there.
    `sign_out`: who signs out of the page signs out there, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = ""
    title: str = Field("", max_length=60)
    issuer: str
    audience: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scopes: str = "openid profile email"
    groups_claim: str = "groups"
    admin_group: str | None = None
    required_claims: dict[str, str] = {}
    sign_out: bool = False

    @property
    def key(self) -> str:
        """The name in addresses."""
        return self.name or "main"

    @property
    def id_prefix(self) -> str:
        """What the ids of its people start with. The ids of two issuers never meet, whatever `sub` they give out."""
        return f"oidc-{self.name}:" if self.name else "oidc:"
