#!/usr/bin/env bash
# Builds the Android library into a folder that is a Maven repository: org.lrkeras:lrkeras-runtime (AAR, with TensorFlow Lite 2.16.1),
# org.lrkeras:lrkeras-runtime-16k (AAR, with 2.20, for pages of 16 KiB) and org.lrkeras:lrkeras-runtime-core (JAR, without Android),
# with sources and documentation. Needs a JDK from 17 on, Maven from 3.8 on and Python 3. No Android SDK.
#   tools/build_aar.sh FOLDER
set -euo pipefail
folder=$(realpath -m "${1:?expected the folder of the repository}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for tool in java javac mvn python3; do
    if ! command -v "$tool" >/dev/null; then
        echo "error: $tool is missing. Install a JDK (17 or later), Maven (3.8 or later) and Python 3." >&2
        exit 1
    fi
done
quick="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
export MAVEN_OPTS="${MAVEN_OPTS:-$quick}"
for runtime in 2.16 2.20; do
    (cd android_demo && mvn --quiet --batch-mode -pl core,runtime -am package -Druntime=$runtime -DskipTests)
    LRKERAS_RUNTIME=$runtime bash android_demo/tools/publish.sh "$folder"
done
