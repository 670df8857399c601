"""Questions proposed for new articles, for a person to accept."""
