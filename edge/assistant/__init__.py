"""The kiosk's assistant: code finds the facts, the language model only words them, the verifier decides."""
