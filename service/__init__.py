"""Answers questions from the index, and serves the answers over HTTP, in Slack and on the command line."""
