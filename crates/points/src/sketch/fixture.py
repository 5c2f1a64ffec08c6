"""Made fixture.csv, with Python's ddsketch 3.0.1: `pip install ddsketch && python fixture.py > fixture.csv`."""

import math

from ddsketch import DDSketch

state, sketch = 42, DDSketch(0.01)
for _ in range(10_000):
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    unit = (state >> 32) / (2**32 - 1)
    sketch.add(math.exp(unit * 12.0 - 4.0) - 5.0)
print("quantile,value")
for quantile in [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]:
    print(f"{quantile},{sketch.get_quantile_value(quantile)!r}")
