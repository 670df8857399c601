"""The bot's counters, for `/metrics`. No label names a person, a channel or a question."""

from prometheus_client import CollectorRegistry, Counter


class Counts:
    """The counters of one bot. They are 0 at its start."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.faults = Counter(
            "footnote_slack_faults_total",
            "Calls to Slack that failed, each attempt by itself, by method and kind.",
            ["method", "kind"],
            registry=registry,
        )
        self.events = Counter(
            "footnote_slack_events_total", "Events from Slack, by what became of them.", ["outcome"], registry=registry
        )
        self.questions = Counter(
            "footnote_slack_questions_total", "Questions from Slack, by how they ended.", ["outcome"], registry=registry
        )
        self.connections_lost = Counter(
            "footnote_slack_connections_lost_total", "Socket Mode connections that were lost.", registry=registry
        )
