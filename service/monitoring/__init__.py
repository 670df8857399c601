"""What is event of questions: counts, logs, traces."""
