package org.lrkeras.demo.common

import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.Spinner
import org.lrkeras.demo.R

/** A list of names to choose one from; tells only what a person chose. */
class ModelPicker(private val spinner: Spinner, private val onChosen: (Int) -> Unit) : AdapterView.OnItemSelectedListener {
    private var names: List<String> = emptyList()
    private var shown = -1

    init {
        // What is chosen is the controller's; two lists that stand side by side have one id, under which each would restore the other's.
        spinner.isSaveEnabled = false
        spinner.onItemSelectedListener = this
    }

    /** Shows [names] with one of them selected. */
    fun show(names: List<String>, selected: Int) {
        if (names != this.names) {
            this.names = names
            val adapter = ArrayAdapter(spinner.context, R.layout.picker_item, names)
            adapter.setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item)
            shown = selected
            spinner.adapter = adapter
        }
        shown = selected
        if (selected in names.indices && spinner.selectedItemPosition != selected) spinner.setSelection(selected)
    }

    override fun onItemSelected(parent: AdapterView<*>?, view: View?, position: Int, id: Long) {
        if (position == shown) return
        shown = position
        onChosen(position)
    }

    override fun onNothingSelected(parent: AdapterView<*>?) = Unit
}
