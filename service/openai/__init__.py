"""OpenAI's chat completions over the same pipeline."""
