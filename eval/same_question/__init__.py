"""Pairs of questions that ask the same, or nearly: what the match of approved answers is measured with."""
