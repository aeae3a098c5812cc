"""From the outbox to the cloud over MQTT 5, and the small receiver at the other end."""
