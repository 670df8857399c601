"""Which hits are read for a question."""
