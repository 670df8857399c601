"""What is kept of asking, beside the index: conversations, answers, feedback, keys, who asked when, Slack's events."""
