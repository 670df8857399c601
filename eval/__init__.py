"""Questions with known answers to scores. Reads everything, imported by nobody but the command line."""
