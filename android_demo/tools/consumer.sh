#!/usr/bin/env bash
# A build of somebody else on the published library: consumer.sh REPOSITORY, after publish.sh. It runs a model on the JVM, on the
# AAR's own library of the runtime, against what Python gave, and makes a signed APK with R8 and the rules of the AAR.
set -euo pipefail
repository=$(realpath "${1:?expected the folder of the repository}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
library=lrkeras-runtime
[ "$runtime" = 2.16 ] || library=lrkeras-runtime-16k
work=$PWD/$target/consumer
min_sdk=$(property app.minSdk)
target_sdk=$(property app.targetSdk)
rm -rf "$work"
mkdir -p "$work/classes" "$work/dex" "$work/jni"
# What an earlier run of this script left of the same version; Maven does not look for a newer one.
rm -rf "$HOME"/.m2/repository/org/lrkeras/lrkeras-runtime*
mvn --quiet --batch-mode -f consumer/pom.xml process-resources -Drepository="file://$repository" -Dlibrary=$library \
    -Dout="$work/dependencies"

path= rules=()
for aar in "$work"/dependencies/*.aar; do
    folder=$work/aar/$(basename "$aar" .aar)
    mkdir -p "$folder"
    python3 -m zipfile -e "$aar" "$folder"
    [ ! -f "$folder/classes.jar" ] || path=$path$folder/classes.jar:
    [ ! -s "$folder/proguard.txt" ] || rules+=(--pg-conf "$folder/proguard.txt")
    [ ! -d "$folder/jni" ] || cp -r "$folder/jni/." "$work/jni"
done
for jar in "$work"/dependencies/*.jar; do
    case $jar in
        *-android-*.jar) python3 -m zipfile -e "$jar" "$work/native" ;;
        *) path=$path$jar: ;;
    esac
done
[ ! -d "$work/native" ] || cp -r "$work/native/lib/." "$work/jni"
android=$(cat $target/android-jar.path)
javac -nowarn -source 8 -target 8 -Xlint:-options -d "$work/classes" -cp "$path$android" consumer/src/main/java/example/*.java

golden() { python3 -c "import json; g = json.load(open('goldens/word_prediction_tiny.json')); print(*g$1)"; }
model=app/src/test/resources/models/word_prediction_tiny.tflite
found=$(LD_LIBRARY_PATH=$target/bionic/x86_64 java ${LRKERAS_JAVA_OPTIONS:-} -Djava.library.path="$work/jni/x86_64" \
    -Dorg.bytedeco.javacpp.platform=android-x86_64 -cp "$work/classes:$path" example.Steps $model $(golden '["tokens"]'))
python3 - "$found" "$(golden '["outputs"][-1]')" "$(golden '["kept"]')" <<'END'
import sys

found, expected, kept = ([float(word) for word in words.split()] for words in sys.argv[1:])
worst = max(abs(found[int(place)] - value) for place, value in zip(kept, expected, strict=True))
if worst > 1e-4:
    raise SystemExit(f"error: expected what Python gave, received something that is {worst} off")
END

aapt2=$target/apktool/prebuilt/linux/aapt2
mkdir -p "$work/assets"
cp $model "$work/assets/model.tflite"
"$aapt2" link -o "$work/bundle.ap_" -I $target/apktool/prebuilt/android-framework.jar --manifest consumer/AndroidManifest.xml \
    --min-sdk-version "$min_sdk" --target-sdk-version "$target_sdk" --version-code 1 --version-name 1 -A "$work/assets" -0 tflite \
    --proguard "$work/manifest.pro" 2> >(grep -v '^warn: resource android:' >&2 || true)
(cd "$work/classes" && python3 -m zipfile -c "$work/consumer.jar" example)
java ${LRKERAS_JAVA_OPTIONS:-} -Xmx2g -cp $target/tools/r8.jar com.android.tools.r8.R8 --release --min-api "$min_sdk" --lib "$(java_home)" \
    --lib "$android" --pg-conf "$work/manifest.pro" "${rules[@]}" --output "$work/dex" "$work/consumer.jar" $(tr ':' ' ' <<<"$path")
python3 tools/assemble.py "$work/bundle.ap_" "$work/dex" "$work/jni" "$work/unsigned.apk"
keystore=$work/debug.keystore
keytool -genkeypair -keystore "$keystore" -storetype PKCS12 -storepass android -alias androiddebugkey -keyalg RSA -keysize 2048 \
    -validity 10000 -dname "CN=Android Debug,O=Android,C=US" 2>/dev/null
java ${LRKERAS_JAVA_OPTIONS:-} -cp $target/tools/apksig.jar tools/SignApk.java "$work/unsigned.apk" "$work/consumer.apk" "$keystore" android "$min_sdk"
apksigner verify --min-sdk-version "$min_sdk" "$work/consumer.apk"
# What the native library looks up by name is there, under its name; the rest of this repository is not.
dexdump -f "$work/dex/classes.dex" >"$work/dex.txt"
grep -q "Lexample/MainActivity;" "$work/dex.txt"
[ "$runtime" != 2.16 ] || grep -q "Lorg/tensorflow/lite/NativeInterpreterWrapper;" "$work/dex.txt"
if grep "Lorg/lrkeras/demo/" "$work/dex.txt"; then exit 1; fi
echo "consumer.apk of $library: $(stat -c %s "$work/consumer.apk") bytes, classes.dex $(stat -c %s "$work/dex/classes.dex")"
