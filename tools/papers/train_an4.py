"""Trains the rows of the AN4 table one after the other, each at the learning rate that suits it.

    setsid nohup python tools/papers/train_an4.py --data DIR --out RUNS --queue tools/papers/papers_queue_an4.txt &

For each kind of row it first trains three short runs, alike but for the learning rate, in RUNS; the
one with the lowest CTC loss on the validation speakers says at which rate the rows of this kind are
trained. A run that is finished is skipped, one that was stopped goes on. `NAME@2` is a row with the
seed 2.
"""

from rows_at_rates import RowsAtRates, at_rate

# What the folder of the data must hold.
NEEDED = "etc/an4_train.transcription"
RATES = (1, 0.5, 0.2)
SHORT_EPOCHS = 15


def config_of(name):
    """The config of a row."""
    from lrkeras.tasks.papers.an4 import rows

    return rows.config_of(name)


def short_names(name):
    """The names of the short runs from which the rate of a row is chosen."""
    from lrkeras.tasks.papers.an4 import rows

    config = rows.config_of(name)
    row = config.base
    if config.method != "dense":
        row += f"_{config.method}_{rows.SIZE}x"
    return [f"{at_rate(row, rate)}_e{SHORT_EPOCHS}" for rate in RATES]


ROWS = RowsAtRates(
    rates=RATES,
    short_names=short_names,
    loss_of=lambda result: result["history"]["val_loss"][-1],
    config_of=config_of,
    needed=NEEDED,
    hint="--data must hold etc/ and feat/.",
)


def main():
    """Runs the command line."""
    ROWS.main(__doc__.splitlines()[0])


if __name__ == "__main__":
    main()
