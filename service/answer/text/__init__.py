"""What is read off a text by patterns: amounts, dates, names, terms; and of a question, its time and its parts."""
