#!/usr/bin/env bash
# Compiles manifest, resources and assets, with the shipped models that models.txt names: target/gen gets resources.ap_,
# R.java, rules for R8 and Robolectric's settings.
# Usage: resources.sh APPLICATION_ID MIN_SDK TARGET_SDK VERSION_CODE VERSION_NAME (Maven calls it with what its pom says)
set -euo pipefail
id=$1 min_sdk=$2 target_sdk=$3 version_code=$4 version_name=$5
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/flavour.sh
aapt2=$target/apktool/prebuilt/linux/aapt2
framework=$target/apktool/prebuilt/android-framework.jar
gen=$target/gen
rm -rf "$gen"
mkdir -p "$gen/java" "$gen/test-resources/com/android/tools" "$gen/assets/models"
cp -r app/src/main/assets/. "$gen/assets"
while read -r model; do
    for folder in ../lrkeras/models ../tools/release/models; do
        if [ -f "$folder/$model" ]; then cp "$folder/$model" "$gen/assets/models"; fi
    done
    [ -f "$gen/assets/models/$model" ] || { echo "error: no file $model, which models.txt names" >&2; exit 1; }
done <models.txt
# The app shows them in the order of the list.
cp models.txt "$gen/assets/models"

# The source manifest has neither package nor SDK numbers: in a Gradle build they come from build.gradle.kts.
sed "s|<manifest |<manifest package=\"$id\" |" app/src/main/AndroidManifest.xml >"$gen/AndroidManifest.xml"
"$aapt2" compile --dir app/src/main/res -o "$gen/resources.zip"
link() {
    "$aapt2" link "$@" -I "$framework" --manifest "$gen/AndroidManifest.xml" \
        --min-sdk-version "$min_sdk" --target-sdk-version "$target_sdk" \
        --version-code "$version_code" --version-name "$version_name" \
        -A "$gen/assets" -0 tflite "$gen/resources.zip"
}
# The framework's own resources give warnings that say nothing about ours.
link -o "$gen/resources.ap_" --java "$gen/java" --proguard "$gen/resources.pro" 2> >(grep -v '^warn: resource android:' >&2 || true)
link -o "$gen/bundle.ap_" --proto-format 2> >(grep -v '^warn: resource android:' >&2 || true)

cat >"$gen/test-resources/com/android/tools/test_config.properties" <<END
android_merged_manifest=$PWD/$gen/AndroidManifest.xml
android_merged_assets=$PWD/$gen/assets
android_resource_apk=$PWD/$gen/resources.ap_
android_custom_package=$id
END
