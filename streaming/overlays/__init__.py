"""What is drawn over the presenter: label, header, clock, captions, product card, chat bubbles, slate."""
