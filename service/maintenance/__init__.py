"""Maintenance of a running service: watched folders, backups, reports of indexing."""
