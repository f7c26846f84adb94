"""Prints what the shipped word models suggest after 40 beginnings, as a page of the documentation.

    python tools/release/print_beginnings.py --out docs/results/beginnings.md

The models are those of `lrkeras/models`, in the files that come with the package. Which rows are a booking
assistant's was judged by reading them; a change of models needs another look.
"""

import argparse
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from lrkeras.models import model_file
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.suggester import Suggester

MODELS = {
    "CIFG": "word_prediction_cifg",
    "small dense": "word_prediction_small_dense",
    "doped Kronecker": "word_prediction_doped_kp",
    "chat": "word_prediction_chat",
}
# Beginnings of everyday messages. True: what comes first is what a booking assistant is told.
BEGINNINGS = {
    "Hi ": False,
    "Hello ": False,
    "Good ": False,
    "How are ": False,
    "What are you ": False,
    "What time ": True,
    "Where are ": False,
    "When ": False,
    "Why ": False,
    "I ": True,
    "I am ": True,
    "I'm ": True,
    "I will ": True,
    "I'll be ": True,
    "I have ": False,
    "I want ": False,
    "I need ": False,
    "I think ": False,
    "I don't ": False,
    "I love ": False,
    "Can you ": True,
    "Could you ": True,
    "Do you ": False,
    "Are you ": False,
    "Let's ": False,
    "Let me ": False,
    "See you ": False,
    "Thank you ": False,
    "Thanks for ": True,
    "Sorry ": False,
    "Happy ": False,
    "Please ": True,
    "My ": False,
    "We ": False,
    "It was ": False,
    "Have a ": False,
    "On my ": True,
    "Talk to ": False,
    "Call me ": True,
    "No ": False,
}
PAGE = """# 40 beginnings

What the word models of the package suggest after the beginnings of everyday messages, written by
`python tools/release/print_beginnings.py --out docs/results/beginnings.md` from their int8 files. A test holds this page to them.

**In {booking} of the 40, marked with a star, a booking assistant is spoken to**: most of what these models learned to say by
heart are turns of task-oriented dialogues. "I am" goes on with "looking", "Please" with "find", "On my" with "calendar". Marks were among the first
of "Hi", "Sorry" and "See you" until they got the last place at most: "Hi there", "See you later" and "No thanks" come first now, "Good morning" and
"Happy birthday" do not come. [The chat model](words.md#chats-and-20000-words) knows "way" behind "On my", and is a booking assistant's in the other rows
with a star all the same. A model of one's own text is [one command](../train.md) away; what a person types before
[counts as well](words.md#words-of-a-person).

| beginning | {models} |
|---|{lines}
{rows}
"""


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="page to write")
    options = parser.parse_args(arguments)
    require_paths(writes=[options.out])
    options.out.write_text(page(suggestions()), encoding="utf-8")


def suggestions():
    """For each beginning the suggestions of each model."""
    suggesters = [Suggester(model_file(name)) for name in MODELS.values()]
    return {
        text: [[one.text for one in suggester.suggest(text)] for suggester in suggesters]
        for text in BEGINNINGS
    }


def page(found):
    """The page, from what `suggestions` found."""
    return PAGE.format(
        booking=sum(BEGINNINGS.values()),
        models=" | ".join(MODELS),
        lines="---|" * len(MODELS),
        rows="\n".join(_row(text, models) for text, models in found.items()),
    )


def _row(text, models):
    star = " \\*" if BEGINNINGS[text] else ""
    cells = (" ".join(f"`{word}`" for word in words) for words in models)
    return f"| {text.strip()}{star} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
