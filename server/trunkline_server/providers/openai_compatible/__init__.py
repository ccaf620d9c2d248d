"""The OpenAI chat completions wire, as spoken by many providers. Pure: no I/O."""
