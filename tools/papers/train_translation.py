"""Trains the rows of translation one after the other, each at the learning rate that suits its kind.

    setsid nohup nice python tools/papers/train_translation.py --data DIR --out RUNS \
        --queue tools/papers/papers_queue_translation.txt &

DIR holds the folder `raw` of Multi30k. For each kind of matrices four short runs of 256 units are
trained first, alike but for the learning rate, in RUNS; the one with the lowest validation loss says
at which rate all rows of this kind are trained. A run that is finished is skipped, one that was
stopped goes on, one that fails is reported and the next one starts. `NAME@2` is a row with the seed
2. What is needed beside: pip install "lrkeras[translation]".
"""

from rows_at_rates import RowsAtRates, at_rate

# What the folder of the data must hold.
NEEDED = "raw"
RATES = (1, 2, 4, 0.5)
SHORT_EPOCHS = 3
_CHOSEN_AT = "multi30k_256", 10


def config_of(name):
    """The config of a row."""
    from lrkeras.tasks.papers.translation import rows

    return rows.config_of(name)


def short_names(name):
    """The names of the short runs from which the rate of a row is chosen."""
    from lrkeras.tasks.papers.translation.rows import row_name

    base, size = _CHOSEN_AT
    method = config_of(name).method
    row = base if method == "dense" else row_name(base, method, size)
    return [f"{at_rate(row, rate)}_e{SHORT_EPOCHS}" for rate in RATES]


ROWS = RowsAtRates(
    rates=RATES,
    short_names=short_names,
    loss_of=lambda result: result["valid_loss"],
    config_of=config_of,
    needed=NEEDED,
    hint="--data must hold raw/.",
)


def main():
    """Runs the command line."""
    ROWS.main(__doc__.splitlines()[0])


if __name__ == "__main__":
    main()
