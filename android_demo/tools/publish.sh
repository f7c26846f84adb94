#!/usr/bin/env bash
# Publishes the library to a folder that is a Maven repository, after `mvn package`: publish.sh [--quick] FOLDER
#   org.lrkeras:lrkeras-runtime-core      the part without Android: streams, text, speech, benchmark (JAR)
#   org.lrkeras:lrkeras-runtime           with TensorFlow Lite 2.16.1 (AAR), or, built with LRKERAS_RUNTIME=2.20,
#   org.lrkeras:lrkeras-runtime-16k       with TensorFlow Lite 2.20, for pages of 16 KiB (AAR)
# Each with its sources and its documentation; --quick leaves the latter out, which takes two minutes.
set -euo pipefail
quick=
if [ "${1:-}" = --quick ]; then
    quick=1
    shift
fi
repository=$(realpath -m "${1:?expected the folder of the repository}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
version=$(property version)
name=lrkeras-runtime
[ "$runtime" = 2.16 ] || name=lrkeras-runtime-16k
work=$PWD/$target/publish
rm -rf "$work"
mkdir -p "$work" "$repository"

dependency() {
    local classifier=${4:+<classifier>$4</classifier>} type=${5:+<type>$5</type>}
    echo "    <dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version>$classifier$type${6:-}</dependency>"
}
pom() {
    cat <<END
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.lrkeras</groupId>
  <artifactId>$1</artifactId>
  <version>$version</version>
  <packaging>$2</packaging>
  <name>$1</name>
  <description>$3</description>
  <licenses><license><name>Apache-2.0</name><url>https://www.apache.org/licenses/LICENSE-2.0.txt</url></license></licenses>
  <dependencies>
$(cat)
  </dependencies>
</project>
END
}
deploy() {
    mvn --quiet --batch-mode org.apache.maven.plugins:maven-deploy-plugin:3.1.4:deploy-file \
        -Durl="file://$repository" -DrepositoryId=folder -Dfile="$1" -DpomFile="$2" -Dsources="$3" ${4:+-Djavadoc="$4"}
}

{
    dependency org.jetbrains.kotlin kotlin-stdlib "$(property kotlin.version)"
} | pom lrkeras-runtime-core jar "Streams of step files, word suggestions, speech and benchmarks, without Android." >"$work/core.xml"
{
    dependency org.lrkeras lrkeras-runtime-core "$version"
    if [ "$runtime" = 2.16 ]; then
        # It names its other part as though that were a JAR, which Maven then looks for in vain.
        without="<exclusions><exclusion><groupId>org.tensorflow</groupId><artifactId>*</artifactId></exclusion></exclusions>"
        dependency org.tensorflow tensorflow-lite "$(property tensorflowLite.version)" "" aar "$without"
        dependency org.tensorflow tensorflow-lite-api "$(property tensorflowLite.version)" "" aar
    else
        native=$(property tensorflowLite16k.version)-$(property javacpp.version)
        dependency org.bytedeco tensorflow-lite "$native"
        for machine in android-arm64 android-x86_64; do
            dependency org.bytedeco tensorflow-lite "$native" $machine
            dependency org.bytedeco javacpp "$(property javacpp.version)" $machine
        done
    fi
} | pom "$name" aar "lrkeras models on Android with TensorFlow Lite $runtime." >"$work/runtime.xml"

python3 tools/assemble_aar.py aar runtime/$target/lrkeras-runtime-$version.jar runtime/runtime-$runtime.pro \
    "$(property app.minSdk)" "$work/$name.aar"
python3 tools/assemble_aar.py folder "$work/core-sources.jar" core/src/main/kotlin
python3 tools/assemble_aar.py folder "$work/runtime-sources.jar" runtime/src/main/kotlin "runtime/src/runtime-$runtime/kotlin"
kdoc=
if [ -z "$quick" ]; then
    kdoc=$work
    mvn --quiet --batch-mode -pl core,runtime -Druntime="$runtime" dokka:dokka
    python3 tools/assemble_aar.py folder "$work/core-kdoc.jar" core/target/dokka
    python3 tools/assemble_aar.py folder "$work/runtime-kdoc.jar" runtime/$target/dokka
fi
deploy core/target/lrkeras-runtime-core-$version.jar "$work/core.xml" "$work/core-sources.jar" "${kdoc:+$kdoc/core-kdoc.jar}"
deploy "$work/$name.aar" "$work/runtime.xml" "$work/runtime-sources.jar" "${kdoc:+$kdoc/runtime-kdoc.jar}"
echo "$repository: org.lrkeras:$name:$version ($(stat -c %s "$work/$name.aar") bytes) and lrkeras-runtime-core ($(stat -c %s core/target/lrkeras-runtime-core-$version.jar))"
