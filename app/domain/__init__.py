"""The rules of receivables: plain Python, no input or output, today passed in."""
