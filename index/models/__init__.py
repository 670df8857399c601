"""Models that compute vectors and scores of text: embedding, reranking, batching and caching."""
