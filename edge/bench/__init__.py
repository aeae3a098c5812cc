"""Measurements of the appliance against a yardstick run beside it, on the machine it runs on."""
