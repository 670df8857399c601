"""The support model: whether a passage supports a sentence, and with which of its sentences. Its training lives here too."""
