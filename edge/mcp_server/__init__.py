"""The shop's facts as MCP tools, for other programs: prices, places, stock, hours, allergens, and calling a colleague.

Speaks the Model Context Protocol over HTTP, on a port and an event loop of its own; `bridge` lets a program speak it
over standard input and output instead. Keeps, logs and sends on nothing of what is asked: counts only.
"""
