#!/usr/bin/env bash
# Builds app and library twice, each in a clean clone of what is committed, and compares the files byte for byte: the APK before it
# is signed, AAR, JAR, sources and POMs. The second build has another folder, time zone and language and, where there is a file
# system in memory, other orders of files in folders. Equal files need the same JDK and Python: they compile and compress.
#   reproducible.sh    (LRKERAS_RUNTIME=2.20: with the runtime for pages of 16 KiB; Maven and R8 run twice, some minutes)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
first=$(mktemp -d)
second=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "$first")")
trap 'rm -rf "$first" "$second"' EXIT

build() {
    git clone --quiet --depth 1 "file://$(git rev-parse --show-toplevel)" "$1"
    (
        cd "$1/android_demo"
        mvn --quiet --batch-mode package -Druntime="$runtime" -DskipTests
        bash tools/package.sh "$1/lrkeras-demo.apk" >"$1/package.txt" || { cat "$1/package.txt"; exit 1; }
        bash tools/publish.sh --quick "$1/repository" >/dev/null
        mkdir "$1/built"
        cp $target/apk/unsigned.apk $target/apk/mapping.txt "$1/built"
        find "$1/repository" \( -name '*.aar' -o -name '*.jar' -o -name '*.pom' \) -exec cp {} "$1/built" \;
    )
}
TZ=UTC LC_ALL=C build "$first/clone"
TZ=Asia/Kolkata LC_ALL=C.UTF-8 build "$second/a longer/path/to another clone"

status=0
for file in "$first"/clone/built/*; do
    name=$(basename "$file")
    if cmp "$file" "$second/a longer/path/to another clone/built/$name"; then
        echo "same: $name ($(stat -c %s "$file") bytes)"
    else
        status=1
    fi
done
[ "$(ls "$first/clone/built")" = "$(ls "$second/a longer/path/to another clone/built")" ] || status=1
if [ $status != 0 ]; then echo "error: two builds of the same commit differ" >&2; fi
exit $status
