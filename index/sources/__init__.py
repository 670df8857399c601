"""Sources to articles: files, folders and addresses, in every format that is read."""
