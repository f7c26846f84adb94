#!/usr/bin/env bash
# The app as an Android App Bundle, for a store: bundle.sh OUT.aab, after package.sh (whose dex and shrunk resources it takes).
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
work=$target/bundle
rm -rf "$work"
mkdir -p "$work"
[ -s target/checkers/bundletool.path ] || mvn -q -B -f tools/checkers.xml -P bundletool process-resources
python3 tools/assemble_bundle.py $target/apk/bundle.ap_ $target/apk/dex $target/runtime/jni "$work/base.zip"
cat >"$work/config.json" <<'END'
{
  "compression": {"uncompressedGlob": ["assets/**.tflite"]},
  "optimizations": {"uncompressNativeLibraries": {"enabled": true, "alignment": "PAGE_ALIGNMENT_16K"}}
}
END
bundletool=(java ${LRKERAS_JAVA_OPTIONS:-} -cp "$(cat target/checkers/bundletool.path)" com.android.tools.build.bundletool.BundleToolMain)
"${bundletool[@]}" build-bundle --modules="$work/base.zip" --config="$work/config.json" --output="$work/app.aab"
"${bundletool[@]}" validate --bundle="$work/app.aab" >"$work/validated.txt"
mv "$work/app.aab" "$out"
echo "$out ($(stat -c %s "$out") bytes; sign it with jarsigner and your upload key)"
