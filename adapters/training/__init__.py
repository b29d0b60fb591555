"""Training: pictures or dialogues and one YAML become a LoRA adapter."""
