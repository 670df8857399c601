"""Sources: what `sources.toml` names, how each is synced, and when."""
