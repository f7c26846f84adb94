#!/usr/bin/env bash
# From compiled classes to a signed APK: R8 with resource shrinking, zip, alignment, signature, checks.
# Usage: package.sh OUT_APK, after `mvn package`. The key: LRKERAS_KEYSTORE (PKCS12, one key) and LRKERAS_KEYSTORE_PASSWORD;
# left out, the debug key of Android Studio, ~/.android/debug.keystore, which is made if it is missing.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
min_sdk=$(property app.minSdk)
aapt2=$target/apktool/prebuilt/linux/aapt2
keystore=${LRKERAS_KEYSTORE:-$HOME/.android/debug.keystore}
export LRKERAS_KEYSTORE_PASSWORD=${LRKERAS_KEYSTORE_PASSWORD:-android}
work=$target/apk
rm -rf "$work"
mkdir -p "$work/dex" "$(dirname "$out")"

java ${LRKERAS_JAVA_OPTIONS:-} -Xmx2g -cp $target/tools/r8.jar com.android.tools.r8.R8 --release --min-api "$min_sdk" \
    --lib "$(java_home)" --lib "$(cat $target/android-jar.path)" \
    --pg-conf app/proguard-rules.pro --pg-conf runtime/runtime-$runtime.pro --pg-conf $target/gen/resources.pro \
    --pg-map-output "$work/mapping.txt" \
    --android-resources $target/gen/bundle.ap_ "$work/bundle.ap_" \
    --output "$work/dex" \
    app/$target/android-demo-app-*.jar runtime/$target/lrkeras-runtime-*.jar core/target/lrkeras-runtime-core-*.jar $target/tools/kotlin-stdlib.jar \
    $target/runtime/*.jar
"$aapt2" convert --output-format binary -o "$work/resources.ap_" "$work/bundle.ap_"
python3 tools/assemble.py "$work/resources.ap_" "$work/dex" $target/runtime/jni "$work/unsigned.apk"

if [ ! -f "$keystore" ]; then
    mkdir -p "$(dirname "$keystore")"
    keytool -genkeypair -keystore "$keystore" -storetype PKCS12 -storepass:env LRKERAS_KEYSTORE_PASSWORD \
        -alias androiddebugkey -keyalg RSA -keysize 2048 -validity 10000 -dname "CN=Android Debug,O=Android,C=US" 2>/dev/null
fi
java ${LRKERAS_JAVA_OPTIONS:-} -cp $target/tools/apksig.jar tools/SignApk.java "$work/unsigned.apk" "$work/signed.apk" "$keystore" \
    "$LRKERAS_KEYSTORE_PASSWORD" "$min_sdk"
"$aapt2" dump badging "$work/signed.apk" >"$work/badging.txt"
python3 tools/check_apk.py "$work/signed.apk" "$work/badging.txt" "$runtime"
# Only what passed every check gets the name that was asked for.
mv "$work/signed.apk" "$out"
