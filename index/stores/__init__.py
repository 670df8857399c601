"""The three stores of an index: the catalogue (SQL), vectors (Chroma) and words (Tantivy)."""
