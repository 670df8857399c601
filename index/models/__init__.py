"""Models that turn text into vectors and scores, and how they are run."""
