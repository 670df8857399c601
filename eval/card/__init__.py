"""The card: what was measured on public question sets, made of kept runs."""
