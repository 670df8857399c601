"""Question sets of the formats that we read, to questions."""
