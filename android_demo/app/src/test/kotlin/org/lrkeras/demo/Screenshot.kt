package org.lrkeras.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import org.junit.Assert.assertTrue
import org.robolectric.shadows.ShadowLooper
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import javax.imageio.ImageIO
import kotlin.math.abs

/** Compares what an activity draws with a picture that a person has looked at. */
object Screenshot {
    private const val MOST_DIFFERENT = 0.002
    private const val SAME = 24
    private val references = File(Demo.root, "app/src/test/screenshots")
    private val drawn = File(System.getProperty("demo.out"), "screenshots")

    /** Draws [activity] and compares it; with -Ddemo.updateScreenshots=true the picture becomes the reference. */
    fun check(activity: Activity, name: String) {
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
        val share = difference(ImageIO.read(reference), ImageIO.read(ByteArrayInputStream(png)))
        assertTrue("$name.png differs in ${100 * share} % of its pixels; look at ${drawn.path}.", share <= MOST_DIFFERENT)
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
