"""Golden sets: whether weights do in the shop's own units what they are there for, before they are put in use."""
