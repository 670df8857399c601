"""`footnote bench`: how fast articles go in and questions come back, beside a plain LlamaIndex quickstart."""
