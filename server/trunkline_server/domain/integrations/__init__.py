"""The life of an integration: what a version holds, where its secret may go, its live checks and its health."""
