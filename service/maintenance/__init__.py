"""What keeps a running service up to date: watched folders, backups."""
