"""Pages that show boxes on video: one per sequence, and the matrix that leads to them."""
