"""Articles to passages to hits."""
