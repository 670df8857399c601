"""Answers worded by a language model."""
