package org.lrkeras.core.benchmark

/** The benchmark was stopped before its end. */
class BenchmarkCancelled : Exception("The benchmark was stopped.")
