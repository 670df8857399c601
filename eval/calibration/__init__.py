"""How far judges of answers agree with people, and what judged scores are worth after that."""
