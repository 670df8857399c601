"""Other systems, asked the same questions and scored by the same code: any endpoint like OpenAI's, or any program."""
