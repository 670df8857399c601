"""What people look at after a run: pages, plots, summaries."""
