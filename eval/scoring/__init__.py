"""The scores: of one question, over all questions, and how sure they are."""
