"""The index: reads articles, cuts them into passages, stores them, and finds the passages for a question."""
