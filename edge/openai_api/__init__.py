"""The endpoint for the shop's other programs: chat, text, vectors and the list of weights, as OpenAI's clients ask.

Speaks that interface's words and errors over the language model and the embeddings of this box. Every request of it
waits behind the kiosk's shopper. Keeps, logs and sends on nothing of what is asked or answered: counts and times only.
"""
