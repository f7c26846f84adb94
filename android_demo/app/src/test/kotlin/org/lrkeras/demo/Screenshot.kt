package org.lrkeras.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Rect
import android.view.View
import android.widget.TextView
import org.junit.Assert.assertTrue
import org.robolectric.shadows.ShadowLooper
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import javax.imageio.ImageIO
import kotlin.math.abs

/**
 * Compares what an activity draws with a picture that a person has looked at.
 *
 * The engine and the models are the real ones, and so are the figures in a picture: each run has others. So what was measured is
 * painted over before two pictures are compared, where it stands now; its own text is checked instead, as it must be a figure
 * that is not zero. All else, with the place and the size of what is painted over, must be alike.
 */
object Screenshot {
    private const val MOST_DIFFERENT = 0.002
    private const val SAME = 24

    /** Of a picture, the most that may be painted over. */
    private const val MOST_MEASURED = 0.45
    private val references = File(Demo.root, "app/src/test/screenshots")
    private val drawn = File(System.getProperty("demo.out"), "screenshots")

    /**
     * Draws [activity] and compares it; with -Ddemo.updateScreenshots=true the picture becomes the reference.
     *
     * @param measured The views whose content a run measures.
     */
    fun check(activity: Activity, name: String, measured: List<View> = emptyList()) {
        val view = activity.window.decorView
        ShadowLooper.idleMainLooper()
        // What is under way, such as the tick of a box, is at its end.
        view.jumpDrawablesToCurrentState()
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        val png = ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
        drawn.mkdirs()
        File(drawn, "$name.png").writeBytes(png)
        val reference = File(references, "$name.png")
        if (System.getProperty("demo.updateScreenshots") == "true") reference.writeBytes(png)
        assertTrue("There is no reference ${reference.path}; look at ${drawn.path} and copy it.", reference.exists())
        val places = measured.filter { it.isShown }.map { checked(it) }
        val pictures = listOf(ImageIO.read(reference), ImageIO.read(ByteArrayInputStream(png)))
        val covered = places.sumOf { it.width().toDouble() * it.height() } / (view.width * view.height)
        assertTrue("$name.png has ${100 * covered} % of figures: nothing is left to compare.", covered <= MOST_MEASURED)
        pictures.forEach { picture -> cover(picture, places) }
        val share = difference(pictures[0], pictures[1])
        assertTrue("$name.png differs in ${100 * share} % of its pixels; look at ${drawn.path}.", share <= MOST_DIFFERENT)
    }

    /** Where a view of measured figures stands, after a look at what it says. */
    private fun checked(view: View): Rect {
        val said = if (view is TextView) view.text else view.contentDescription
        assertTrue("Expected a figure that is not zero, received \"$said\".", Regex("[1-9]").containsMatchIn(said ?: ""))
        return Rect().also { assertTrue(view.getGlobalVisibleRect(it) || !view.isShown) }
    }

    private fun cover(picture: BufferedImage, places: List<Rect>) = places.forEach { place ->
        for (y in maxOf(0, place.top) until minOf(picture.height, place.bottom)) {
            for (x in maxOf(0, place.left) until minOf(picture.width, place.right)) picture.setRGB(x, y, 0)
        }
    }

    /** Share of pixels of which a colour differs by more than noise; 1 for other sizes. */
    private fun difference(a: BufferedImage, b: BufferedImage): Double {
        if (a.width != b.width || a.height != b.height) return 1.0
        var different = 0
        for (y in 0 until a.height) for (x in 0 until a.width) {
            val (p, q) = a.getRGB(x, y) to b.getRGB(x, y)
            if ((0..16 step 8).any { abs((p shr it and 0xFF) - (q shr it and 0xFF)) > SAME }) different++
        }
        return different.toDouble() / (a.width * a.height)
    }
}
