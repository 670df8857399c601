"""Checks a written sentence against its sources."""
