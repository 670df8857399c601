"""Parts of the `footnote` command."""
