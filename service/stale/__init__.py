"""Answers whose quoted words have changed since: found after each change of the articles, marked, and reported."""
