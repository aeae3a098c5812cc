"""The shop's own side: facts, store, privacy gate, kiosk, console, and the composition of the whole appliance."""
