"""The shop's memory on SQLite: facts, outbox and egress ledger in one file, written by one thread."""
