"""Training of the product detector: rendered shelves, the network in PyTorch, measures, export.

`stockroom`, `bay`, `photo` and what they stand on paint and need numpy and OpenCV only; `network`, `losses`, `fit`
and `shipping` need PyTorch, which the appliance never installs.
"""
