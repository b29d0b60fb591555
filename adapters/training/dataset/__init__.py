"""Data preparation: metadata, captions and findings for pictures; cleaned dialogues for language."""
