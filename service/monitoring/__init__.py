"""Monitoring of a running service: metrics, logs, traces, health of the language model's server."""
