"""Ingestion: cuts articles into passages and makes the index equal to its sources; rebuild, backup and check."""
