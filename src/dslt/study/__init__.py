"""What a configuration asks for: cells, data, jobs, and what they cost."""
