"""`footnote bench`: how fast articles go in and questions come back, compared with a plain LlamaIndex quickstart."""
