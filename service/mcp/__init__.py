"""The Model Context Protocol: Footnote as tools and resources of editors and assistants, by HTTP and by stdio."""
