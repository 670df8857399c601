"""OpenAI's chat completions and responses over the same pipeline."""
