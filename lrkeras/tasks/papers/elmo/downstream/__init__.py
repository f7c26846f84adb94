"""What is learnt on top of the frozen language model: SST-5, SICK and SQuAD.

`task.py` says what a task is; `corpora.py` loads the examples of `example.py`, `frozen_texts.py`
computes once what the language model makes of their texts, `models.py` has the models, and
`learning.py` learns and measures a task.
"""

from lrkeras.tasks.papers.elmo.downstream import corpora, models
from lrkeras.tasks.papers.elmo.downstream.task import Task

TASKS = {
    task.name: task
    for task in (
        Task("sst", corpora.load_sst, models.sentiment_model, corpora.SENTIMENTS, 32, "accuracy"),
        Task(
            "sick",
            corpora.load_sick,
            models.entailment_model,
            len(corpora.ENTAILMENTS),
            32,
            "accuracy",
        ),
        Task("squad", corpora.load_squad, models.span_model, None, 32, "f1"),
    )
}

__all__ = ["TASKS"]
