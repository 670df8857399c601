"""Reads articles from sources: files, folders and web addresses, in all supported formats."""
