"""What is read off a text by patterns: amounts, dates, names, terms."""
