"""Training pairs: sources of annotated videos, sampling, augmentation, held-out sequences."""
