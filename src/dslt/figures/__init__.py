"""One module per figure of the paper; the style is in `style`."""
