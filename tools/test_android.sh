#!/usr/bin/env bash
# Checks of the Android app that run without a phone: core and screens on the JVM, the engine on the APK's own libraries
# (x86_64 through a stand-in for Android's libc, arm64 under qemu), the APK, the bundle, lint, the dex round trip.
#     tools/test_android.sh          the app with the runtime that it has unless another is asked for
#     tools/test_android.sh --all    also a thousand broken models and a million steps, the APK with the other runtime (its engine, its
#                                    alignment), and two builds of what is committed, from clean clones, compared byte for byte
# Linux on x86_64. Installs what is missing where it is root on Debian; else says what to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ $# -gt 0 ] && [ "$*" != --all ]; then
    echo "error: expected --all or no argument; received $*" >&2
    exit 2
fi
source android_demo/tools/system_packages.sh
need javac openjdk-17-jdk-headless
need mvn maven
need gcc gcc libc6-dev
need readelf binutils
need qemu-aarch64-static qemu-user-static
need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
need apksigner apksigner
need dexdump dexdump

# Short runs: what the second compiler of the JVM costs it does not earn back.
java="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
export MAVEN_OPTS="${MAVEN_OPTS:-$java}" LRKERAS_JAVA_OPTIONS="${LRKERAS_JAVA_OPTIONS:-$java}"
begin=$SECONDS
step() { echo "== $1 ($((SECONDS - begin)) s)"; }

step "core and screens on the JVM"
(cd android_demo && mvn --quiet --batch-mode package)
step "library, and a build of somebody else on it"
repository=$(mktemp -d)
trap 'rm -rf "$repository"' EXIT
if [ $# -eq 0 ]; then quick=--quick; else quick=; fi
bash android_demo/tools/publish.sh $quick "$repository"
bash android_demo/tools/consumer.sh "$repository" 2>&1 | sed '/log 4 tflite/d; /^INFO: /d; /TensorFlowLite <clinit>/d'
step "APK"
bash android_demo/tools/package.sh android_demo/target/lrkeras-demo.apk
apksigner verify --verbose --min-sdk-version 24 android_demo/target/lrkeras-demo.apk | grep -E '^Verifie[sd]'
# Read to the end: a pipe that is closed early would end this script.
dexdump -f android_demo/target/lrkeras-demo.apk | grep "Lorg/lrkeras/demo/MainActivity;" >/dev/null
step "bundle"
bash android_demo/tools/bundle.sh android_demo/target/lrkeras-demo.aab
step "arm64"
python3 android_demo/tools/check_arm64.py
step "dex round trip"
bash android_demo/tools/dex_round_trip.sh
step "lint"
bash android_demo/tools/lint.sh
if [ $# -eq 0 ]; then
    step "done; --all checks the runtime for pages of 16 KiB, long runs and two builds as well"
    exit
fi
step "a thousand broken models, a million steps"
(cd android_demo && mvn --quiet --batch-mode package -Ddemo.long=true -Dtest=HostileFilesTest,LongRunTest -Dsurefire.failIfNoSpecifiedTests=false) 2>&1 |
    sed '/log 4 tflite/d; /^INFO: /d; /TensorFlowLite <clinit>/d'
step "two builds from clean clones"
bash android_demo/tools/reproducible.sh
step "runtime for pages of 16 KiB"
export LRKERAS_RUNTIME=2.20
# This runtime tells the log of every graph that it delegates.
(cd android_demo && mvn --quiet --batch-mode package -Druntime=2.20 -Dtest=LiteRuntimeTest,LiteModelsTest -Dsurefire.failIfNoSpecifiedTests=false) 2>&1 |
    sed '/log 4 tflite/d; /^VERBOSE: /d; /^INFO: /d'
bash android_demo/tools/publish.sh --quick "$repository"
bash android_demo/tools/consumer.sh "$repository" 2>&1 | sed '/log 4 tflite/d; /^VERBOSE: /d; /^INFO: /d'
bash android_demo/tools/package.sh android_demo/target-2.20/lrkeras-demo.apk
python3 android_demo/tools/check_arm64.py
step "done"
