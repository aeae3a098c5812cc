"""The surface to which cameras post their pictures."""
