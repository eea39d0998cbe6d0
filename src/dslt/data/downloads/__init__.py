"""Downloads: fetched, verified, adopted from a copy, unpacked; interrupted ones are resumed."""
