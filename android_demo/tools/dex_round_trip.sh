#!/usr/bin/env bash
# Compiles the app to dex with D8, translates that back to classes, and runs the tests of the engine on them: what D8 makes
# of the code behaves as the code does. ART itself is not part of this. After `mvn package`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
work=$target/round-trip
rm -rf "$work"
mkdir -p "$work/dex"
version=$(property tensorflowLite.version)
min_sdk=$(property app.minSdk)
java ${LRKERAS_JAVA_OPTIONS:-} -Xmx2g -cp $target/tools/r8.jar com.android.tools.r8.D8 --debug --min-api "$min_sdk" \
    --lib "$(java_home)" --lib "$(cat $target/android-jar.path)" --output "$work/dex" \
    app/$target/android-demo-app-*.jar runtime/$target/lrkeras-runtime-*.jar core/target/lrkeras-runtime-core-*.jar $target/tools/kotlin-stdlib.jar $target/runtime/*.jar
[ -s target/checkers/dex-tools.path ] || mvn -q -B -f tools/checkers.xml -P dex-tools process-resources
number=0
back=
for dex in "$work"/dex/*.dex; do
    number=$((number + 1))
    java ${LRKERAS_JAVA_OPTIONS:-} -cp "$(cat target/checkers/dex-tools.path)" com.googlecode.dex2jar.tools.Dex2jarCmd --force -o "$work/back$number.jar" "$dex"
    back=$back$work/back$number.jar:
done
# The classes of the app come out of the dex files alone. What comes back lacks the tables that the JVM's verifier reads.
junit=$target/tools/junit.jar:$target/tools/hamcrest-core.jar
LD_LIBRARY_PATH=$target/bionic/x86_64 java ${LRKERAS_JAVA_OPTIONS:-} -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote \
    -Djava.library.path=$target/runtime/jni/x86_64 -Ddemo.root="$PWD" -Ddemo.runtimeVersion="$version" \
    -cp "$back:app/$target/test-classes:$junit" org.junit.runner.JUnitCore org.lrkeras.demo.runtime.LiteRuntimeTest
