"""What each feature and stage of an answer is worth: questions asked with each of them taken away."""
