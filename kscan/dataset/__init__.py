"""The dataset that ships: what releases have, as text to review and as a store to query."""
