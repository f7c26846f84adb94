#!/usr/bin/env bash
# Builds the Android app: android_demo/target/lrkeras-demo.apk, signed, to be copied to a phone and opened.
# Needs a JDK from 17 on, Maven from 3.8 on and Python 3; everything else comes through Maven. No Android SDK.
#   tools/build_apk.sh [--runtime 2.20] [OUT.apk]
#   LRKERAS_KEYSTORE=my.p12 LRKERAS_KEYSTORE_PASSWORD=... tools/build_apk.sh    signs with a key of your own
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" = --runtime ]; then
    export LRKERAS_RUNTIME=${2:?"expected a runtime: 2.16, or 2.20 for pages of 16 KiB"}
    shift 2
fi
source android_demo/tools/flavour.sh
out=$(realpath -m "${1:-android_demo/$target/lrkeras-demo.apk}")
for tool in java javac keytool mvn python3; do
    if ! command -v "$tool" >/dev/null; then
        echo "error: $tool is missing. Install a JDK (17 or later), Maven (3.8 or later) and Python 3." >&2
        exit 1
    fi
done
version=$(javac -version 2>&1 | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$version" -lt 17 ]; then
    echo "error: expected a JDK from 17 on, received $version. Set JAVA_HOME and PATH to a later one." >&2
    exit 1
fi
# Short runs: what the second compiler of the JVM costs it does not earn back.
quick="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
export MAVEN_OPTS="${MAVEN_OPTS:-$quick}" LRKERAS_JAVA_OPTIONS="${LRKERAS_JAVA_OPTIONS:-$quick}"
(cd android_demo && mvn --quiet --batch-mode package -Druntime="$runtime" -DskipTests)
bash android_demo/tools/package.sh "$out"
echo "$out"
