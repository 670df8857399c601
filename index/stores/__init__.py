"""The three stores of an index: catalogue (SQL), vectors (Chroma), words (Tantivy)."""
