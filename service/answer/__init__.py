"""Question to answer: the pipeline and its steps. Imports no web framework."""
