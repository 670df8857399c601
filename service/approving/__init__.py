"""Approved answers: signed by a reviewer, and given at once to who asks the same, as long as their quotes are unchanged."""
