"""What the papers print, for the rows that have a counterpart in them."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Published:
    """A figure of a paper.

    Attributes:
        test_perplexity: on the test text of the Penn Treebank.
        source: where it is printed, or read off a plot.
        differs: what is not the same here, or empty.
    """

    test_perplexity: float
    source: str
    differs: str = ""


_ZAREMBA = "TensorFlow tutorial of Zaremba et al. 2014"
_POSTER = "Thakker et al. 2020 (arXiv 2001.08896)"
_HMD = "Thakker et al. 2019 (arXiv 1906.04886), read off a plot"
_WINATA = "Winata et al. 2019 (arXiv 1908.09982)"
_EPOCHS = "there 250 epochs, here those of the dense run"

PUBLISHED = {
    "ptb_small": Published(115.91, _ZAREMBA),
    "ptb_medium": Published(82.07, _ZAREMBA),
    "ptb_large": Published(78.29, _ZAREMBA),
    "ptb_awd": Published(57.3, _WINATA, "windows of one length, no word dropout"),
    "ptb_rhn": Published(66.0, "Zilly et al. 2017 (arXiv 1607.03474)", "no word dropout"),
    "ptb_medium_kronecker": Published(104.03, _POSTER, _EPOCHS),
    "ptb_medium_doped_kronecker_25x": Published(83.24, _POSTER, _EPOCHS),
    "ptb_medium_doped_kronecker_100x_dropout0": Published(138.3, _POSTER, _EPOCHS),
    "ptb_medium_low_rank_20x": Published(114.29, _POSTER, _EPOCHS),
    "ptb_medium_hybrid_20x": Published(105.43, _POSTER, _EPOCHS),
    "ptb_medium_pruned_20x": Published(85.14, _POSTER, _EPOCHS),
}
PUBLISHED |= {
    f"ptb_small_{method}_{ratio}x": Published(figure, _HMD, "layout of the gates not stated there")
    for method, ratio, figure in (
        ("pruned", 2, 101.2),
        ("hybrid", 2, 102.0),
        ("low_rank", 2, 108.5),
        ("small_dense", 2, 113.2),
        ("pruned", 5, 109.4),
        ("hybrid", 5, 119.1),
        ("low_rank", 5, 119.3),
        ("small_dense", 5, 114.8),
    )
}
PUBLISHED |= {
    f"ptb_awd_{method}_{where}_r{rank}": Published(figure, f"{_WINATA}, after fine-tuning")
    for method, where, rank, figure in (
        ("semi_nmf", "recurrent", 10, 58.11),
        ("svd", "recurrent", 10, 58.18),
        ("pruned", "recurrent", 10, 57.94),
        ("semi_nmf", "recurrent", 400, 57.84),
        ("svd", "recurrent", 400, 57.81),
        ("pruned", "recurrent", 400, 57.19),
        ("semi_nmf", "input", 10, 81.4),
        ("svd", "input", 10, 88.12),
        ("pruned", "input", 10, 82.23),
        ("semi_nmf", "input", 400, 58.47),
        ("svd", "input", 400, 58.04),
        ("pruned", "input", 400, 57.65),
    )
}
