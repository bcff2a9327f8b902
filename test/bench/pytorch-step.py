"""Milliseconds of one training step of the engine bench's 1-D CNN in PyTorch on one thread.

Batch 32, SGD with momentum; medians of wall and of CPU time. Run it in the same minute as `npm run bench -- engine`:

    python3 test/bench/pytorch-step.py

The figures in docs/benchmarks.md are of PyTorch 2.13.0 from PyPI.
"""

import statistics
import time

import torch
from torch import nn

torch.manual_seed(1)
torch.set_num_threads(1)
model = nn.Sequential(
    nn.Conv1d(9, 32, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool1d(2),
    nn.Conv1d(32, 64, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool1d(2),
    nn.Flatten(),
    nn.Linear(2048, 128),
    nn.ReLU(),
    nn.Linear(128, 6),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
loss_of = nn.CrossEntropyLoss()
x = torch.randn(32, 9, 128)
target = torch.arange(32) % 6


def step():
    optimizer.zero_grad()
    loss_of(model(x), target).backward()
    optimizer.step()


for _ in range(20):
    step()
walls, cpus = [], []
for _ in range(60):
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(5):
        step()
    walls.append((time.perf_counter() - wall) / 5 * 1000)
    cpus.append((time.process_time() - cpu) / 5 * 1000)
print(f"PyTorch {torch.__version__}: wall {statistics.median(walls):.2f} ms, CPU {statistics.median(cpus):.2f} ms (least {min(cpus):.2f})")
