package org.lrkeras.demo.common

import org.lrkeras.core.model.ModelCard

/** What is shown of one model: at least which it is, by its place among those of the state. */
interface ModelColumn {
    val selected: Int
}

/** What a screen shows of one model, or of two that are compared. */
interface ComparedState {
    val models: List<ModelCard>

    /** The model, and the one that it is compared with. */
    val columns: List<ModelColumn>

    /** Whether both are used. */
    val isComparing: Boolean

    /** The columns that are used. */
    val active: List<Int> get() = if (isComparing) listOf(0, 1) else listOf(0)

    /** The models that are used, by their column. */
    val cards: Map<Int, ModelCard> get() = active.mapNotNull { column -> modelOf(column)?.let { column to it } }.toMap()

    /** The model of a column. */
    fun modelOf(column: Int): ModelCard? = models.getOrNull(columns[column].selected)

    /** The models, to be chosen again after the process was ended. */
    fun chosen() = ComparedModels(listOf(0, 1).map { modelOf(it)?.file }, isComparing)
}

/** These columns with one changed. */
internal fun <C : ModelColumn> List<C>.with(column: Int, change: (C) -> C): List<C> =
    mapIndexed { place, one -> if (place == column) change(one) else one }
