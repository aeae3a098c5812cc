"""Training of the product detector: rendered shelves, the network in PyTorch, measures, export.

`artwork`, `packs`, `fixtures`, `bay` and `photo` paint and need numpy and OpenCV only; `network`, `losses` and `fit`
need PyTorch, which the appliance never installs.
"""
