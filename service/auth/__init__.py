"""Authentication, rate limits and the queue of questions."""
