"""The service's own database: conversations, answers, feedback, API keys, the audit record, and events from Slack."""
