"""The maximum of a likelihood over parameters above zero, with standard errors: found, or refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from custinfo.domain.errors import BadInput

Floats = npt.NDArray[np.float64]

_REACH = np.log(1e4)
"""Parameters are looked for between a ten-thousandth and ten thousand, in the units of the fit."""
_LEVEL = 1e-6
"""A slope that counts as none: of the mean logarithm, by the logarithm of a parameter."""
_NEWTON = 20


@dataclass(frozen=True)
class Maximum:
    """Where the maximum is, how far each parameter may be off (standard error), and its logarithm."""

    parameters: Floats
    errors: Floats
    value: float


def maximum(
    likelihood: Callable[[Floats], tuple[float, Floats]], starts: Sequence[Sequence[float]], weight: float
) -> Maximum:
    """The highest maximum reached from `starts`.

    `likelihood` gives the logarithm and its gradient; `weight` is how many observations it adds up. The search goes
    over the logarithms of the parameters. Raises BadInput when none is reached: at the edge, or on a ridge.
    """

    def down(logs: Floats) -> tuple[float, Floats]:
        value, slopes = likelihood(np.exp(logs))
        return -value / weight, -slopes * np.exp(logs) / weight

    edges = [(-_REACH, _REACH)] * len(starts[0])
    found = [
        minimize(down, np.log(start), jac=True, method="L-BFGS-B", bounds=edges, options={"maxiter": 1000})
        for start in starts
    ]
    logs = _settled(down, np.asarray(min(found, key=lambda one: float(one.fun)).x, dtype=np.float64))
    parameters = np.exp(logs)
    value, slopes = down(logs)
    curved = _curvature(down, logs)
    good = np.isfinite(value) and (np.abs(slopes) < _LEVEL).all() and (np.abs(logs) < _REACH - 0.01).all()
    if not good or not np.isfinite(curved).all() or (np.linalg.eigvalsh(curved) <= _LEVEL).any():
        raise BadInput("customer_value.no_maximum")
    errors = parameters * np.sqrt(np.diag(np.linalg.inv(curved)) / weight)
    return Maximum(parameters, errors, -value * weight)


def _settled(down: Callable[[Floats], tuple[float, Floats]], logs: Floats) -> Floats:
    """Newton's steps from near the bottom, as long as each makes the slopes smaller."""
    slopes = down(logs)[1]
    for _ in range(_NEWTON):
        curved = _curvature(down, logs)
        if not np.isfinite(curved).all() or (np.linalg.eigvalsh(curved) <= 0).any():
            break
        trial = logs - np.linalg.solve(curved, slopes)
        after = down(trial)[1] if (np.abs(trial) < _REACH).all() else np.full_like(slopes, np.inf)
        if not np.abs(after).max() < np.abs(slopes).max():
            break
        logs, slopes = trial, after
    return logs


def _curvature(down: Callable[[Floats], tuple[float, Floats]], logs: Floats) -> Floats:
    """The matrix of second derivatives, by central differences of the gradient."""
    step = 1e-5
    rows = [(down(logs + move)[1] - down(logs - move)[1]) / (2 * step) for move in np.eye(len(logs)) * step]
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2, dtype=np.float64)
