"""What a real language model makes of Footnote, beside what people would write instead. Opt-in: `make test-llm`."""
