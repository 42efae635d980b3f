"""The page server: one standalone Voilà server whose whole configuration stands in code (`custinfo serve`)."""
