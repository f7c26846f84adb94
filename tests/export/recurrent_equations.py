"""Recurrent cells in NumPy float64, written from their equations."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(xs, kernel, recurrent, bias):
    """States [h, c] after each step of xs (time, inputs); gates i, f, c, o."""
    units = recurrent.shape[1] // 4
    h, c, out = np.zeros(units), np.zeros(units), []
    for x in np.asarray(xs, np.float64):
        z = x @ kernel.astype(np.float64) + h @ recurrent.astype(np.float64) + bias
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append((h, c))
    return out


def gru(xs, kernel, recurrent, bias):
    """h after each step; gates z, r, h; reset after the product, two biases."""
    units = recurrent.shape[0]
    h, out = np.zeros(units), []
    for x in np.asarray(xs, np.float64):
        a = np.split(x @ kernel.astype(np.float64) + bias[0], 3)
        b = np.split(h @ recurrent.astype(np.float64) + bias[1], 3)
        z, r = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
        h = z * h + (1 - z) * np.tanh(a[2] + r * b[2])
        out.append(h)
    return out


def simple_rnn(xs, kernel, recurrent, bias):
    """h after each step."""
    h, out = np.zeros(recurrent.shape[0]), []
    for x in np.asarray(xs, np.float64):
        h = np.tanh(x @ kernel.astype(np.float64) + h @ recurrent.astype(np.float64) + bias)
        out.append(h)
    return out
