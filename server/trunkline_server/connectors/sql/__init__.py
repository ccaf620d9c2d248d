"""SQL databases as tools: one engine, one small adapter for each database."""
