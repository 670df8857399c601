"""A package, so that it comes before the `tests` that Canaille's wheel puts next to its own."""
