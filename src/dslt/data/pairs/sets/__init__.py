"""Training sets: their definitions, how each is read, and their indexes."""
