"""Who comes in, as whom, and how much they may ask."""
