"""Language models behind an OpenAI-compatible endpoint, or in this process, as agents and as users."""
