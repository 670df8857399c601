"""What is noticed of questions: counts, logs, traces."""
