"""Hits to answers to people."""
