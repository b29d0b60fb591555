"""LoRA adapters: catalogue, resident bases, hot-swap, schedule and training."""
