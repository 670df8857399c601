"""The settings for Slack."""

import re

from pydantic import Field, SecretStr, field_validator

from index.settings import IndexSettings

_PLACE = "([TE][A-Z0-9]{2,}/)?"


class SlackSettings(IndexSettings):
    """The settings of the index, and those for Slack."""

    slack_bot_token: SecretStr | None = Field(
        None, description="Token of the Slack app's bot (`xoxb-…`). With it, the service answers in Slack."
    )
    slack_app_token: SecretStr | None = Field(
        None, description="App-level token (`xapp-…`): events come by Socket Mode, which needs no public address."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Signing secret of the Slack app: events come by HTTP, to `/slack/events` of this service."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", description="Address of Slack's Web API. Another one is for tests."
    )
    slack_client_id: str | None = Field(
        None,
        description="Client id of the Slack app. With it, workspaces and organisations install the app by themselves, at "
        "`/slack/install`, and `FOOTNOTE_SLACK_BOT_TOKEN` is not set.",
    )
    slack_client_secret: SecretStr | None = Field(None, description="Client secret of the Slack app.")
    slack_token_keys: SecretStr | None = Field(
        None,
        description="Key that encrypts the tokens of these installations, from `footnote slack key`. Several are separated "
        "by commas: the first one encrypts, all decrypt.",
    )
    slack_workspaces: list[str] = Field(
        [],
        description="Workspaces (`T…`) and organisations (`E…`) that may install the app, and that it answers in: JSON list.",
    )
    slack_groups: dict[str, list[str]] = Field(
        {},
        description=(
            'Who in Slack may read more than what is for everyone: JSON such as `{"C012AB3CD": ["board"], "S045EF6GH": '
            '["finance"]}`. A channel (`C…`): what everyone there may read. A user group (`S…`): what its members may read '
            "in direct messages and with `/ask`. Where workspaces install the app, the id of the workspace or organisation "
            "goes before each name: `T012AB3CD/C045EF6GH`."
        ),
    )
    slack_admins: list[str] = Field(
        [],
        description="Who may use `/ask settings` in Slack: JSON list of people (`U…`) and user groups (`S…`), as in "
        '`["U012AB3CD", "S045EF6GH"]`. With the workspace before each, as above, where workspaces install the app.',
    )
    slack_help_channel: str | None = Field(
        None,
        pattern=f"^{_PLACE}[CG][A-Z0-9]{{2,}}$",
        description="Channel (`C…`, or `T…/C…`) that the button *Ask a person* brings a question to, with what is found for "
        "it. Default: there is no such button.",
    )
    slack_help_group: str | None = Field(
        None, pattern=f"^{_PLACE}S[A-Z0-9]{{2,}}$", description="User group (`S…`) that is mentioned there."
    )
    slack_workers: int = Field(4, ge=1, le=64, description="Questions from Slack that are answered at the same time.")
    slack_queue: int = Field(
        100, ge=1, description="Questions from Slack that may wait; beyond, the bot asks for patience."
    )
    slack_stale_notes: bool = Field(
        False,
        description="Whether a thread gets a note, once for each answer, when words that it quotes have changed since.",
    )
    slack_answer_seconds: float = Field(300.0, gt=0, description="Longest time that an answer in Slack may take.")

    @field_validator("slack_workspaces")
    @classmethod
    def _places_of_slack(cls, places: list[str]) -> list[str]:
        if wrong := [place for place in places if not re.fullmatch("[TE][A-Z0-9]{2,}", place)]:
            raise ValueError(f"{wrong[0]!r} is neither a workspace's id (T012AB3CD) nor an organisation's (E012AB3CD)")
        return places

    @field_validator("slack_admins")
    @classmethod
    def _people_of_slack(cls, admins: list[str]) -> list[str]:
        if wrong := [name for name in admins if not re.fullmatch(f"{_PLACE}[UWS][A-Z0-9]{{2,}}", name)]:
            raise ValueError(f"{wrong[0]!r} is neither a person's id (U012AB3CD) nor a user group's (S012AB3CD)")
        return admins

    @field_validator("slack_groups")
    @classmethod
    def _slack_ids(cls, groups: dict[str, list[str]]) -> dict[str, list[str]]:
        if wrong := [name for name in groups if not re.fullmatch(f"{_PLACE}[CGS][A-Z0-9]{{2,}}", name)]:
            raise ValueError(f"{wrong[0]!r} is neither a channel's id (C012AB3CD) nor a user group's (S012AB3CD)")
        return groups
