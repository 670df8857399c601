"""The JSON of the HTTP API and of `--json`."""
