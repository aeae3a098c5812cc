"""Questions with known answers, asked of the real assistant over the demo shop, and judged without its verifier."""
