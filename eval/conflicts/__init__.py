"""Pairs of texts that give different values of the same thing, or nearly: what `footnote conflicts` is measured with."""
