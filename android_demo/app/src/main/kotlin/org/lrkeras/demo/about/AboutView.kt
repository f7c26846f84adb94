package org.lrkeras.demo.about

import android.content.Intent
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.TextView
import org.lrkeras.core.model.ModelCard
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.TaskName
import org.lrkeras.demo.common.part
import org.lrkeras.demo.keyboard.KeyboardSettingsActivity

/** Versions, and a card for each model: what its files say of themselves, and on demand what is told about it in words. */
class AboutView(private val root: View, private val controller: AboutController) : Screen {
    private val versions = root.part<TextView>(R.id.about_versions)
    private val problems = root.part<TextView>(R.id.about_problems)
    private val list = root.part<ViewGroup>(R.id.about_models)
    private val show = ::render

    init {
        root.part<Button>(R.id.about_keyboard).setOnClickListener {
            root.context.startActivity(Intent(root.context, KeyboardSettingsActivity::class.java))
        }
        controller.observe(show)
        controller.start()
    }

    override fun onDestroy() = controller.forget(show)

    private fun render(state: AboutState) {
        val resources = root.resources
        versions.text = resources.getString(R.string.about_versions, state.version, state.runtime)
        problems.text = state.problems.entries.joinToString("\n") { (file, reason) -> resources.getString(R.string.about_problem, file, reason) }
        problems.visibility = if (state.problems.isEmpty()) View.GONE else View.VISIBLE
        list.removeAllViews()
        state.cards.groupBy { it.name }.forEach { (name, files) -> add(state, name, files) }
    }

    private fun add(state: AboutState, name: String, files: List<ModelCard>) {
        val view = LayoutInflater.from(root.context).inflate(R.layout.model_card, list, false)
        val description = state.descriptions[name]
        val isUnfolded = name in state.unfolded
        view.part<TextView>(R.id.card_name).text = name
        view.part<TextView>(R.id.card_details).text = files.joinToString("\n") { described(it) }
        val text = view.part<TextView>(R.id.card_text)
        text.text = description
        text.visibility = if (isUnfolded) View.VISIBLE else View.GONE
        val unfold = view.part<Button>(R.id.card_unfold)
        unfold.visibility = if (description == null) View.GONE else View.VISIBLE
        unfold.setText(if (isUnfolded) R.string.card_hide else R.string.card_show)
        unfold.contentDescription = root.resources.getString(R.string.card_unfold_description, unfold.text, name)
        unfold.setOnClickListener { controller.unfold(name) }
        list.addView(view)
    }

    private fun described(card: ModelCard): String {
        val resources = root.resources
        val structures = card.structures.entries.joinToString { (layer, structure) -> "$layer: $structure" }
        return resources.getString(
            R.string.card_details,
            TaskName.of(card.task).read(resources),
            card.quantize ?: resources.getString(R.string.float32),
            BytesText.of(card.bytes.toLong()).read(resources),
            structures.ifEmpty { resources.getString(R.string.unknown) },
            card.licence ?: resources.getString(R.string.unknown),
            card.sha256.take(HASH_SHOWN),
        )
    }

    private companion object {
        const val HASH_SHOWN = 12
    }
}
