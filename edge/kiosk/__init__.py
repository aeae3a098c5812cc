"""The kiosk's web surface: one page, a small JSON interface over the assistant, and nothing else on its port."""
