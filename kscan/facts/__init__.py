"""One kind of fact a file: each a function from what was parsed to facts."""
