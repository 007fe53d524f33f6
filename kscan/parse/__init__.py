"""From the text of a header to typed syntax: tokens, preprocessing, constants, layout."""
