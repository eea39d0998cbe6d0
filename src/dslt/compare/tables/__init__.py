"""Tables of the paper with ours beside the printed numbers: CSV, Markdown and LaTeX (booktabs)."""
