"""The staff console: what the cameras see, what was stored, what left the shop, behind a login on its own port."""
