"""Counters of the bot, for `/metrics`."""

from prometheus_client import Counter

CALL_FAULTS = Counter(
    "footnote_slack_call_faults", "Calls to Slack that failed, each attempt by itself.", ["method", "kind"]
)
QUESTIONS = Counter("footnote_slack_questions", "Questions from Slack, by how they ended.", ["outcome"])
EVENTS = Counter("footnote_slack_events", "Events from Slack, by what became of them.", ["outcome"])
CONNECTIONS_LOST = Counter("footnote_slack_connections_lost", "Socket Mode connections that ended.")
