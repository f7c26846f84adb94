package org.lrkeras.demo.common

import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.R

/** What a person calls the tasks of models. */
internal object TaskName {
    /** The name of a task. */
    fun of(task: ModelTask): UiText = UiText(
        when (task) {
            ModelTask.WORDS -> R.string.task_words
            ModelTask.SPEECH -> R.string.task_speech
            ModelTask.FRONT_END -> R.string.task_front_end
        },
    )
}
