"""Articles to passages, and a run that makes the index equal to its sources."""
