"""A small reading model: how relevant a passage is to a question, the stretch that answers, and whether any does."""
