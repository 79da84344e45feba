"""The belief over the hidden state, and what moves it: an episode, and silence.

A belief is a float64 array of shape (3, 4, 2) that sums to 1: valence (−, 0, +) × closeness
(0 to 3) × ambivalence (0, 1).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from relintel.profiles.episodes import Pool
from relintel.profiles.parameters import Array, Parameters

_LEVELS: Final = np.arange(4)
_CHOOSE: Final = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 2, 1, 0], [1, 3, 3, 1]], np.float64)
_EYE3: Final = np.eye(3)
_LOST: Final = np.maximum(_LEVELS[:, None] - _LEVELS[None, :], 0)
_HIGHER: Final = np.triu(np.ones((4, 4)), 1)


def start(parameters: Parameters) -> Array:
    """Return the belief before any message, (3, 4, 2)."""
    torn = np.array([1 - parameters.ambivalence_start, parameters.ambivalence_start])
    pair = np.multiply.outer(parameters.valence_start, parameters.closeness_start)
    joint: Array = np.multiply.outer(pair, torn)
    joint /= joint.sum()
    return joint


def faded(belief: Array, days: float, parameters: Parameters) -> Array:
    """Return the belief after `days` of silence.

    Each of the up to three families of closeness survives on its own with probability
    ``2 ** (-days / half_life_days)``, so two silences in a row equal one of their sum. Valence and
    ambivalence keep their distribution: a silent enemy stays an enemy.

    Args:
        belief: (3, 4, 2).
        days: of silence; below 0 counts as 0.
        parameters: of the filter.
    """
    if days <= 0:
        return belief
    return _thinned(belief, 2.0 ** (-days / parameters.half_life_days))


def after_episode(belief: Array, pool: Pool, parameters: Parameters) -> Array:
    """Return the belief after one episode: its transition, then its evidence."""
    if pool.weight <= 0:
        return belief
    moved = _moved(belief, pool, parameters)
    weighed = moved * likelihood(pool, parameters)
    result: Array = weighed / weighed.sum()
    return result


def likelihood(pool: Pool, parameters: Parameters) -> Array:
    """Return how well each state explains an episode, (3, 4, 2), up to a factor.

    A calibrated posterior divided by its prior is the likelihood of the text given the class; the
    classes are summed out by what a state tends to show.
    """
    p = parameters
    valence = p.valence_shown @ (pool.valence / p.valence_prior)
    closeness = p.closeness_shown @ (pool.tie / p.closeness_prior)
    torn = pool.ambivalence / p.ambivalence_prior
    whole = (1 - pool.ambivalence) / (1 - p.ambivalence_prior)
    ambivalence = p.ambivalence_shown * torn + (1 - p.ambivalence_shown) * whole
    joint = valence[:, None, None] * closeness[None, :, None] * ambivalence[None, None, :]
    result: Array = joint ** (p.temper * pool.weight)
    return result


def _moved(belief: Array, pool: Pool, p: Parameters) -> Array:
    weight = pool.weight
    moves = (pool.tones @ p.valence_moves.reshape(4, 9)).reshape(3, 3)
    moves = weight * moves + (1 - weight) * _EYE3
    moved: Array = (moves.T @ belief.reshape(3, 8)).reshape(3, 4, 2)
    lost = p.closeness_break * weight * max(pool.hostile, pool.departure)
    moved = _thinned(moved, 1 - lost)
    rise = p.closeness_rise * weight * (1 - pool.hostile)
    moved = np.matmul(_rise(pool.tie, rise).T, moved)
    up = p.ambivalence_rise * weight * pool.ambivalence
    rest = p.ambivalence_rest * (1 - pool.ambivalence) * (pool.cold + pool.warm)
    down = weight * min(1.0, rest + p.ambivalence_break * pool.hostile)
    result: Array = moved @ np.array([[1 - up, up], [down, 1 - down]])
    return result


def _rise(tie: Array, rise: float) -> Array:
    """Return (4, 4): with chance `rise` closeness comes up to the level shown, never down."""
    shown = rise * (_HIGHER * tie)
    shown[_LEVELS, _LEVELS] = 1 - shown.sum(axis=1)
    return shown


def _thinned(belief: Array, survival: float) -> Array:
    if survival >= 1:
        return belief
    kept = _CHOOSE * survival ** _LEVELS[None, :] * (1 - survival) ** _LOST
    result: Array = np.matmul(kept.T, belief)
    return result
