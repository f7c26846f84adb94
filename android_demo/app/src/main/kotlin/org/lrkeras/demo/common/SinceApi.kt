package org.lrkeras.demo.common

/** Marks code that calls what Android has since [level] only; the caller asks for the version first. */
@Retention(AnnotationRetention.BINARY)
@Target(AnnotationTarget.FUNCTION, AnnotationTarget.CLASS)
annotation class SinceApi(val level: Int)
