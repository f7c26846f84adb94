package org.lrkeras.core.model

/** Turns the Markdown of a model's card into plain text: what a text view shows and a screen reader reads. */
object CardText {
    private const val ITEM = "* "
    private const val HEADING = "#"
    private const val CELL = '|'
    private val MARKS = Regex("\\*\\*|`")
    private val RULE = Regex("[|\\s:-]+")

    /** [markdown] without its headings and marks; lines of a paragraph are joined, and each row of a table is a line. */
    fun plain(markdown: String): String {
        val blocks = ArrayList<StringBuilder>()
        var header: List<String>? = null
        var isOpen = false
        for (line in markdown.lines().map { it.trim().replace(MARKS, "") }) {
            val isRow = line.startsWith(CELL)
            if (!isRow) header = null
            when {
                isRow && header == null -> header = cells(line)
                isRow -> if (!RULE.matches(line)) blocks += StringBuilder(row(header.orEmpty(), cells(line)))
                line.isEmpty() || line.startsWith(HEADING) -> Unit
                line.startsWith(ITEM) -> blocks += StringBuilder("• ").append(line.removePrefix(ITEM))
                isOpen -> blocks.last().append(' ').append(line)
                else -> blocks += StringBuilder(line)
            }
            isOpen = !isRow && line.isNotEmpty() && !line.startsWith(HEADING)
        }
        return blocks.joinToString("\n")
    }

    private fun cells(line: String) = line.trim(CELL).split(CELL).map { it.trim() }

    /** The first cell names the row; the others are told with what their columns are called. */
    private fun row(header: List<String>, cells: List<String>): String {
        val told = cells.indices.drop(1).joinToString("; ") { "${header.getOrElse(it) { "" }} ${cells[it]}".trim() }
        return "${cells[0]}: $told"
    }
}
